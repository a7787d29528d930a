// What the two Debian packages are: which workspace, which units and users, what they need beside Node.

export const packages = [
  {
    name: 'postern-gate',
    workspace: 'gate-agent',
    summary: 'offline-first gate for venues: reads tickets, decides, opens',
    description: [
      'The gate agent reads a ticket code, decides by itself, writes the use down',
      'so that no power cut can lose it, opens the turnstile, and merges what it',
      'recorded with other gates and with the cloud whenever there is a network.',
      '.',
      'Nothing starts before the gate has been enrolled: gate-agent enrol URL CODE',
    ],
    depends: ['ffmpeg', 'systemd', 'udev'],
    // The display's full-screen browser with its fonts, Arabic among them, and its seat; NFC readers; a clock that somebody sets.
    recommends: [
      'cage',
      'chromium',
      'fonts-noto-core',
      'libpam-systemd',
      'libpcsclite1',
      'pcscd',
      'systemd-timesyncd | time-daemon',
    ],
    // The Raspberry Pi's own camera; relays and sensors at GPIO lines.
    suggests: ['gpiod', 'rpicam-apps'],
    units: ['gate-agent.service', 'gate-display.service'],
    udevRules: ['70-postern.rules'],
    examples: ['gate.example.toml'],
    users: ['postern-gate', 'postern-display'],
  },
  {
    name: 'postern-cloud',
    workspace: 'cloud-sync',
    summary: 'cloud service of Postern: tickets, feed, marks, cases',
    description: [
      'Issues tickets, feeds them to the gates of an event, takes in what the gates',
      'recorded, and finds the tickets that were used where they should not have',
      'been. Its first start creates keys and an administrator and prints to the',
      'journal how to sign in.',
    ],
    depends: ['systemd'],
    recommends: ['systemd-timesyncd | time-daemon'],
    suggests: [],
    units: ['cloud-sync.service'],
    udevRules: [],
    examples: [],
    users: ['postern-cloud'],
  },
];
