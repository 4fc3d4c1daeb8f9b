// What one edit costs when there are 1,000 hosts and 10,000 routes.
import { freePort, host } from '../../support/data-plane.ts';
import { manyRoutes } from '../seeded-agent.ts';
import type { Fact, Inquiry } from '../workload.ts';
import { measureInside } from './edit-inside.ts';
import { measureOutside } from './edit-outside.ts';

const HOSTS = 1_000;
const ROUTES_EACH = 10;
const EDITS = 40;
const QUICK_EDITS = 8;

export const editInquiry: Inquiry = {
  kind: 'inquiry',
  name: 'edit',
  title: 'one edit with 1,000 hosts and 10,000 routes',
  contenders: ['prproxy'],
  async ask({ stage, quick, tell }) {
    const port = await freePort();
    const routes = manyRoutes(ROUTES_EACH, stage.origins.ports.web);
    const hosts = Array.from({ length: HOSTS }, (_, n) => host({ host: `h${n}.bench.test`, port, routes }));
    tell('compiling in this process');
    const inside = await measureInside(hosts);
    tell('editing at a running agent');
    const outside = await measureOutside(hosts, quick ? QUICK_EDITS : EDITS);
    return [
      ms('edit-compile-commit', 'edit, compile and commit', inside.editMs + inside.compileMs + inside.commitMs),
      ms('edit-compile', '  of which compile', inside.compileMs),
      ms('edit-commit', '  of which commit', inside.commitMs),
      ms('edit-acknowledged', 'until acknowledged and saved', outside.acknowledgedMs),
      ms('edit-slowest', '  the slowest', outside.slowestMs),
      ms('edit-blocked', 'longest wait of a request meanwhile', outside.blockedMs),
      ms('edit-longest-block', '  the longest of all edits', outside.longestBlockMs),
      ms('edit-quiet', '  in equal times without an edit', outside.quietMs),
    ];
  },
};

function ms(name: string, title: string, value: number): Fact {
  return { name, title, value, unit: 'ms' };
}
