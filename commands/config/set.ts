// `prproxy config set`: change settings of the proxy.
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { many } from '../../src/cli/flags.ts';
import { parseList, parseNumbers, refuseNothing } from '../../src/cli/parse.ts';
import { proxyText } from '../../src/cli/status-view.ts';

export default class ConfigSet extends BaseCommand {
  static override summary = 'change settings of the proxy';
  static override description = 'What is not given stays as it is. An empty list clears: --vm-networks "".';
  static override examples = [
    '<%= config.bin %> config set --port 8080',
    '<%= config.bin %> config set --vm-networks 10.211.55.0/24,fdb2::/64',
    '<%= config.bin %> config set --timeout connect=2 --timeout drain=30 --limit connections=5000',
  ];
  static override flags = {
    host: string({ description: 'address where hosts listen that are given by name or not at all' }),
    port: string({ description: 'port of hosts that give none' }),
    'rest-host': string({ description: 'loopback address of the REST API' }),
    'rest-port': string({ description: 'port of the REST API' }),
    'trusted-proxies': string({ helpValue: 'CIDR,…', description: 'peers whose X-Forwarded-… fields are kept' }),
    'vm-networks': string({
      helpValue: 'CIDR,…',
      description: 'networks in which a VM may have an address that would be refused (loopback, link-local, own …)',
    }),
    via: boolean({ allowNo: true, description: 'add Via to requests' }),
    timeout: string({
      ...many,
      helpValue: 'NAME=SECONDS',
      description: 'client_head, keep_alive, connect, response_head, body_idle, tunnel_idle or drain',
    }),
    limit: string({ ...many, helpValue: 'connections=N', description: 'open connections per listener' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigSet);
    refuseNothing(flags);
    const patch = {
      host: flags.host,
      port: flags.port,
      rest_host: flags['rest-host'],
      rest_port: flags['rest-port'],
      trusted_proxies: parseList(flags['trusted-proxies']),
      vm_networks: parseList(flags['vm-networks']),
      via: flags.via,
      timeouts: parseNumbers('timeouts', flags.timeout),
      limits: parseNumbers('limits', flags.limit),
    };
    this.show(await this.call('config.set', patch), (proxy) => proxyText(this.screen, proxy));
  }
}
