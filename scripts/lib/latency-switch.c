// An Ethernet switch on which every cable is long: it takes in the frames of its ports (TAP devices, each in a network namespace of its own)
// and passes them on later, some twice, some ahead of others. What becomes of the n-th packet of a link is a function of the seed, the link
// and n, so that a night can be repeated. Kernels that have netem need none of this; many have not.
//
//   latency-switch check                            ends with 0 if TAP devices can be made here, else says why not
//   latency-switch SEED NAMESPACE DEVICE [...]      namespaces by path; the first port is the lab's own, to and from which all is at once
//
// Then a line a question on standard input, each answered with a line of counts as JSON; at the end of input it ends:
//   set LEAST_US MOST_US DUPLICATES_PERMILLE OVERTAKING_PERMILLE
//   tell
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
  PORTS_MAX = 64,
  FRAME_BYTES_MAX = 2048,
  /** At most 34 MB: what comes when so many are on their way is lost, as on any switch. */
  FRAMES_MAX = 16384,
  /** Before other ports and the clock have their turn. */
  FRAMES_A_TURN = 64,
  LINE_BYTES_MAX = 128,
  PERMILLE = 1000
};

struct port {
  int device;
  uint8_t address[ETH_ALEN];
};

/** From one port to another. */
struct link {
  uint64_t packets, delivered;
  int64_t free_us;
};

struct frame {
  int64_t due_us;
  uint64_t order, number;
  /** None for the second of two that are alike: it is behind others without having been overtaken. */
  struct link *link;
  int device;
  uint16_t bytes;
  uint8_t data[FRAME_BYTES_MAX];
};

enum draw { DELAY, OVERTAKES, IS_DOUBLED, DELAY_OF_DOUBLE };

static struct port ports[PORTS_MAX];
static struct link links[PORTS_MAX][PORTS_MAX];
static struct pollfd polled[1 + PORTS_MAX];
static int port_count;
static uint64_t seed, order;
static struct { int64_t least_us, most_us, duplicates_permille, overtaking_permille; } rules;
static struct { uint64_t received, delivered, duplicated, overtaken, dropped; int waiting_most; } counts;

/** A heap by time; those that wait for nothing are kept for the next. */
static struct frame *waiting[FRAMES_MAX], *spare[FRAMES_MAX];
static int waiting_count, spare_count, made_count;

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/** The finishing step of splitmix64. */
static uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
  return value ^ (value >> 31);
}

/** From 0 up to, not including, the limit: the same for the same packet of the same link. */
static int64_t draw(int from, int to, uint64_t number, enum draw what, int64_t limit) {
  uint64_t link = (uint64_t)from * PORTS_MAX + (uint64_t)to + 1;
  return (int64_t)(mix(mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15) * link) + number) + what) % (uint64_t)limit);
}

static bool is_before(const struct frame *one, const struct frame *other) {
  return one->due_us != other->due_us ? one->due_us < other->due_us : one->order < other->order;
}

static void push(struct frame *frame) {
  int at = waiting_count++;
  for (; at > 0 && is_before(frame, waiting[(at - 1) / 2]); at = (at - 1) / 2) waiting[at] = waiting[(at - 1) / 2];
  waiting[at] = frame;
  if (waiting_count > counts.waiting_most) counts.waiting_most = waiting_count;
}

static struct frame *pop(void) {
  struct frame *first = waiting[0], *last = waiting[--waiting_count];
  int at = 0;
  for (int child; (child = 2 * at + 1) < waiting_count; at = child) {
    if (child + 1 < waiting_count && is_before(waiting[child + 1], waiting[child])) child++;
    if (!is_before(waiting[child], last)) break;
    waiting[at] = waiting[child];
  }
  waiting[at] = last;
  return first;
}

static void deliver(int device, const uint8_t *data, size_t bytes) {
  if (write(device, data, bytes) == (ssize_t)bytes) counts.delivered++; // Else it is down.
}

static void deliver_due(void) {
  for (int64_t now = now_us(); waiting_count > 0 && waiting[0]->due_us <= now;) {
    struct frame *frame = pop();
    deliver(frame->device, frame->data, frame->bytes);
    if (frame->link != NULL) {
      if (frame->number < frame->link->delivered) counts.overtaken++;
      else frame->link->delivered = frame->number;
    }
    spare[spare_count++] = frame;
  }
}

static void send_later(struct link *link, int device, uint64_t number, int64_t due_us, const uint8_t *data, size_t bytes) {
  struct frame *frame = NULL;
  if (spare_count > 0) frame = spare[--spare_count];
  else if (made_count < FRAMES_MAX && (frame = malloc(sizeof *frame)) != NULL) made_count++;
  if (frame == NULL) {
    counts.dropped++;
    return;
  }
  frame->due_us = due_us;
  frame->order = order++;
  frame->number = number;
  frame->link = link;
  frame->device = device;
  frame->bytes = (uint16_t)bytes;
  memcpy(frame->data, data, bytes);
  push(frame);
}

static bool is_ipv4(const uint8_t *data) {
  return data[12] == ETH_P_IP >> 8 && data[13] == (ETH_P_IP & 0xff);
}

/** Only IPv4 is late and counted: who asks for whose address is, and when, is not the same every night. */
static void send_over(int from, int to, const uint8_t *data, size_t bytes) {
  if (from == 0 || to == 0 || !is_ipv4(data)) return deliver(ports[to].device, data, bytes);
  struct link *link = &links[from][to];
  uint64_t number = link->packets++;
  int64_t now = now_us(), spread_us = rules.most_us - rules.least_us + 1;
  int64_t due_us = now + rules.least_us + draw(from, to, number, DELAY, spread_us);
  if (draw(from, to, number, OVERTAKES, PERMILLE) >= rules.overtaking_permille) {
    if (due_us < link->free_us) due_us = link->free_us; // It stays behind the one before it.
    link->free_us = due_us;
  }
  send_later(link, ports[to].device, number, due_us, data, bytes);
  if (draw(from, to, number, IS_DOUBLED, PERMILLE) >= rules.duplicates_permille) return;
  counts.duplicated++;
  due_us = now + rules.least_us + draw(from, to, number, DELAY_OF_DOUBLE, spread_us);
  send_later(NULL, ports[to].device, number, due_us, data, bytes);
}

static void forward(int from, const uint8_t *data, size_t bytes) {
  counts.received++;
  memcpy(ports[from].address, data + ETH_ALEN, ETH_ALEN);
  for (int to = 0; to < port_count; to++)
    if (to != from && memcmp(ports[to].address, data, ETH_ALEN) == 0) return send_over(from, to, data, bytes);
  for (int to = 0; to < port_count; to++) // To all: multicast, or somebody who has not spoken yet.
    if (to != from) send_over(from, to, data, bytes);
}

static void receive(int from) {
  uint8_t data[FRAME_BYTES_MAX];
  for (int turn = 0; turn < FRAMES_A_TURN; turn++) {
    ssize_t bytes = read(ports[from].device, data, sizeof data);
    if (bytes < 0) return; // Nothing more; or the device is gone, and with it soon all of us.
    if (bytes >= ETH_HLEN) forward(from, data, (size_t)bytes);
  }
}

static void answer(const char *line) {
  long least, most, duplicates, overtaking;
  if (sscanf(line, "set %ld %ld %ld %ld", &least, &most, &duplicates, &overtaking) == 4 && 0 <= least && least <= most) {
    rules.least_us = least;
    rules.most_us = most;
    rules.duplicates_permille = duplicates;
    rules.overtaking_permille = overtaking;
  } else if (strcmp(line, "tell") != 0) {
    fprintf(stderr, "unknown question: %s\n", line);
    exit(2);
  }
  printf("{\"received\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"duplicated\":%" PRIu64 ",\"overtaken\":%" PRIu64
         ",\"dropped\":%" PRIu64 ",\"waiting\":%d,\"waitingMost\":%d}\n",
         counts.received, counts.delivered, counts.duplicated, counts.overtaken, counts.dropped, waiting_count, counts.waiting_most);
  fflush(stdout);
}

static void read_questions(void) {
  static char line[LINE_BYTES_MAX];
  static size_t length;
  ssize_t bytes = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
  if (bytes <= 0) exit(0); // Who started us is gone.
  length += (size_t)bytes;
  line[length] = '\0';
  for (char *end; (end = strchr(line, '\n')) != NULL;) {
    *end = '\0';
    answer(line);
    length -= (size_t)(end + 1 - line);
    memmove(line, end + 1, length + 1);
  }
}

static int open_tap(const char *name) {
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return device;
}

static void open_port(const char *namespace, const char *name) {
  int space = open(namespace, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail(namespace);
  close(space);
  ports[port_count].device = open_tap(name);
  polled[1 + port_count] = (struct pollfd){ports[port_count].device, POLLIN, 0};
  port_count++;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "check") == 0) return open_tap("pstrn%d") < 0;
  if (count < 4 || count % 2 != 0 || (count - 2) / 2 > PORTS_MAX) {
    fprintf(stderr, "usage: %s SEED NAMESPACE DEVICE [...], at most %d ports\n", words[0], PORTS_MAX);
    return 2;
  }
  seed = strtoull(words[1], NULL, 10);
  for (int word = 2; word < count; word += 2) open_port(words[word], words[word + 1]);
  polled[0] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
  for (;;) {
    int64_t wait_us = waiting_count == 0 ? 1000000 : waiting[0]->due_us - now_us();
    if (wait_us < 0) wait_us = 0;
    struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
    if (ppoll(polled, (nfds_t)(1 + port_count), &wait, NULL) < 0 && errno != EINTR) fail("ppoll");
    deliver_due();
    if (polled[0].revents != 0) read_questions();
    for (int port = 0; port < port_count; port++)
      if (polled[1 + port].revents & POLLIN) receive(port);
  }
}
