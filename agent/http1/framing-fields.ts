// The fields that decide about a message itself, gathered before they are understood: requests and responses alike.
import { Field } from './tokens.ts';

export class FramingFields {
  /** Number of Content-Length lines, and the last one's value. */
  lengths = 0;
  length = '';
  /** The same of Transfer-Encoding. */
  codings = 0;
  coding = '';
  /** All Connection lines as one list, and all Upgrade lines. */
  connection = '';
  upgrade = '';

  /** @returns true when the field was one of these */
  take(field: Field, value: string): boolean {
    switch (field) {
      case Field.contentLength:
        this.lengths++;
        this.length = value;
        return true;
      case Field.transferEncoding:
        this.codings++;
        this.coding = value;
        return true;
      case Field.connection:
        this.connection = joined(this.connection, value);
        return true;
      case Field.upgrade:
        this.upgrade = joined(this.upgrade, value);
        return true;
      default:
        return false;
    }
  }
}

/** RFC 9110 5.3: lines of a list are one list. */
export function joined(list: string, value: string): string {
  return list === '' ? value : `${list}, ${value}`;
}
