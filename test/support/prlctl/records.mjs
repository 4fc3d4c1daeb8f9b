// @ts-check
// What the simulated prlctl prints of one VM: the short and the full JSON record. Keys, their order and the types of
// their values are those of Parallels Desktop 20 to 27.
import { isOff, phaseOf } from './machine.mjs';

/** @typedef {import('./store.d.mts').State} State */
/** @typedef {import('./store.d.mts').SimulatedVm} Vm */

/**
 * Without `-f` no address is told.
 * @param {Vm} vm
 * @param {boolean} isFull
 */
export function shortRecord(vm, isFull) {
  const { state, addresses } = phaseOf(vm);
  const told = isFull && !vm.silent && !isOff(state) && addresses.length > 0;
  return { uuid: vm.id, status: state, ip_configured: told ? addresses.join(' ') : '-', name: vm.name };
}

/** @param {Vm} vm @param {boolean} hasHome */
function homeOf(vm, hasHome) {
  const home = `/Users/somebody/Parallels/${vm.name}.${vm.bundle}`;
  if (!hasHome) return { 'Home path': '', Home: '' };
  const isBroken = phaseOf(vm).state === 'invalid';
  return { 'Home path': isBroken ? home : `${home}/config.pvs`, Home: isBroken ? home : `${home}/` };
}

/** @param {State} state @param {Vm} vm */
export function toolsOf(state, vm) {
  if (vm.tools === 'not_installed') return { state: vm.tools };
  return { state: phaseOf(vm).state === 'running' ? vm.tools : 'possibly_installed', version: state.tools };
}

/** @param {Vm} vm */
function uptimeOf(vm) {
  const isUp = phaseOf(vm).state === 'running';
  return String(isUp ? Math.floor((Date.now() - (vm.timeline[0]?.at ?? 0)) / 1000) : 0);
}

/** @param {Vm} vm */
function hardwareOf(vm) {
  const adapters = vm.macs.map((mac, i) => [
    `net${i}`,
    i === 0
      ? { enabled: true, type: 'shared', mac, card: 'virtio', dhcp: 'yes' }
      : { enabled: true, type: 'bridged', iface: 'default', mac, card: 'virtio' },
  ]);
  return {
    cpu: { cpus: 2, auto: 'off', 'VT-x': true, hotplug: false, accl: 'high', mode: '64', type: 'arm' },
    memory: { size: '4096Mb', auto: 'on', hotplug: false },
    video: {
      'adapter-type': 'parallels',
      size: '0Mb',
      '3d-acceleration': 'highest',
      'vertical-sync': 'on',
      'high-resolution': 'off',
      'high-resolution-in-guest': 'off',
      'native-scaling-in-guest': 'off',
      'automatic-video-memory': 'on',
    },
    memory_quota: { auto: 'yes' },
    hdd0: {
      enabled: true,
      port: 'sata:0',
      image: `/Users/somebody/Parallels/${vm.name}.${vm.bundle}/disk0.hdd`,
      type: 'expanded',
      size: '65536Mb',
      'online-compact': 'on',
    },
    cdrom0: { enabled: true, port: 'sata:1', image: '', state: 'disconnected' },
    usb: { enabled: true },
    ...Object.fromEntries(adapters),
    sound0: { enabled: true, output: 'Default', mixer: 'Default' },
  };
}

/**
 * @param {State} state
 * @param {Vm} vm
 * @param {boolean} hasHome false: as in the bulk answers that lack it
 */
export function fullRecord(state, vm, hasHome) {
  const phase = phaseOf(vm);
  return {
    ID: vm.id,
    Name: vm.name,
    Description: '',
    Type: 'VM',
    State: phase.state,
    OS: vm.os,
    Template: vm.template ? 'yes' : 'no',
    Uptime: uptimeOf(vm),
    ...homeOf(vm, hasHome),
    'Restore Image': '',
    GuestTools: toolsOf(state, vm),
    'Mouse and Keyboard': {
      'Smart mouse optimized for games': 'auto',
      'Sticky mouse': 'off',
      'Smooth scrolling': 'on',
      'Keyboard optimization mode': 'auto',
    },
    'Print Management': {
      'Synchronize with host printers': 'off',
      'Synchronize default printer': 'off',
      'Show host printer UI': 'off',
    },
    'USB and Bluetooth': {
      'Automatic sharing cameras': 'off',
      'Automatic sharing bluetooth': 'off',
      'Automatic sharing smart cards': 'off',
      'Automatic sharing gamepads': 'off',
      'Support USB 3.0': 'on',
    },
    'Startup and Shutdown': {
      Autostart: 'off',
      'Autostart delay': 0,
      Autostop: 'suspend',
      'Startup view': 'headless',
      'On shutdown': 'close',
      'On window close': 'keep-running',
      'Pause idle': 'off',
      'Undo disks': 'off',
    },
    Optimization: { 'Faster virtual machine': 'on', 'Hypervisor type': 'apple', 'Resource quota': 'unlimited' },
    'Travel mode': { 'Enter condition': 'never', 'Enter threshold': 30, 'Quit condition': 'never' },
    Security: { Encrypted: 'no', 'TPM enabled': 'no', Protected: 'no', Archived: 'no', Packed: 'no' },
    'Smart Guard': { enabled: false },
    Modality: {
      'Opacity (percentage)': 50,
      'Stay on top': 'on',
      'Show on all spaces ': 'on',
      'Capture mouse clicks': 'on',
    },
    Fullscreen: { 'Use all displays': 'off', 'Scale view mode': 'auto' },
    Coherence: { 'Auto-switch to full screen': 'off', 'Disable aero': 'off', 'Hide minimized windows': 'off' },
    'Time Synchronization': {
      enabled: true,
      'Smart mode': 'off',
      'Interval (in seconds)': 60,
      'Timezone synchronization disabled': 'off',
    },
    Expiration: { enabled: false },
    'Boot order': 'hdd0 cdrom0 net0 ',
    'BIOS type': 'efi-arm64',
    'EFI Secure boot': 'off',
    'Allow select boot device': 'off',
    'External boot device': '',
    'SMBIOS settings': { 'BIOS Version': '', 'System serial number': '', 'Board Manufacturer': '' },
    Hardware: hardwareOf(vm),
    'Host Shared Folders': { enabled: true, work: { enabled: true, path: '~/work', mode: 'rw' } },
    'Host defined sharing': 'User home directory',
    'Guest Shared Folders': { enabled: false },
    'Shared Profile': { enabled: false },
    'Shared Applications': { enabled: false },
    SmartMount: { enabled: false },
    Network: {
      Conditioned: 'off',
      ipAddresses: (vm.silent ? [] : phase.addresses).map((ip) => ({ type: ip.includes(':') ? 'ipv6' : 'ipv4', ip })),
    },
    'Miscellaneous Sharing': { 'Shared clipboard mode': 'on', 'Shared cloud': 'off' },
    Advanced: { 'VM hostname synchronization': 'off', 'Share host location': 'off', 'Rosetta Linux': 'off' },
  };
}
