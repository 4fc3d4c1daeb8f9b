// What a listener knows of a client, HTTP or TCP: enough to let it finish, or to cut it.

export interface Client {
  /** The host that it is busy with; undefined: none at the moment. */
  readonly hostId: string | undefined;
  /** Closes as soon as what is under way is finished; at once when nothing is. */
  drain(): void;
  /** Ends at once. */
  cut(): void;
}

/** The listener's register of its clients. */
export interface ClientRegister {
  add(client: Client): void;
  remove(client: Client): void;
}
