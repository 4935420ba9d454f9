/*
 * Sends datagrams through a TURN server at a constant rate, in both directions, and counts what arrives. The allocations
 * are there already: whoever starts this made them from the local ports that it names here.
 *
 *   generator SERVER PORT PEER_PORT SIZE RATE SECONDS < allocations
 *   allocation = LOCAL_ADDRESS LOCAL_PORT RELAYED_ADDRESS RELAYED_PORT PREFIX
 *
 * PREFIX is in hex what a client puts before its payload: the header of ChannelData or of a Send indication. Of whatever
 * comes back the last SIZE bytes are the payload. What is due is sent even when it is late, so that a server which
 * stalls does not slow its own measurement down. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ALLOCATIONS = 4096, MAX_DATAGRAM = 2048, BATCH = 64, BUCKETS = 4096 };

struct allocation {
  int socket;
  struct sockaddr_in relayed;
  unsigned char datagram[MAX_DATAGRAM];
  int prefix;
};

struct payload {
  uint64_t sent_at;
  uint32_t mark;
  uint32_t number;
};

static struct allocation allocations[MAX_ALLOCATIONS];
static uint64_t histogram[BUCKETS];
static uint64_t sent[2], received[2];
static const uint32_t mark = 0x63686174;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int bound_socket(const char *address, int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int size = 8 << 20;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (fd < 0 || inet_pton(AF_INET, address, &own.sin_addr) != 1) fail("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  return fd;
}

static int hex(const char *text, unsigned char *out) {
  int length = 0;
  unsigned byte;
  while (text[0] && text[1] && sscanf(text, "%2x", &byte) == 1) {
    out[length++] = (unsigned char)byte;
    text += 2;
  }
  return length;
}

/* Latencies in buckets that grow by a fiftieth: 1 µs to some seconds. */
static int bucket_of(uint64_t nanoseconds) {
  double microseconds = nanoseconds / 1000.0;
  int bucket = 0;
  for (double edge = 1; edge < microseconds && bucket < BUCKETS - 1; edge *= 1.02) bucket++;
  return bucket;
}

static double percentile(double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) all += histogram[i];
  double edge = 1;
  for (int i = 0; i < BUCKETS; i++, edge *= 1.02) {
    seen += histogram[i];
    if (seen > 0 && seen >= all * share) return edge / 1000;
  }
  return 0;
}

static void receive_all(int fd, int direction, int size) {
  static unsigned char buffers[BATCH][MAX_DATAGRAM];
  static struct iovec parts[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){buffers[i], MAX_DATAGRAM};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  for (;;) {
    int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) return;
    uint64_t time = now();
    for (int i = 0; i < count; i++) {
      struct payload payload;
      int length = (int)messages[i].msg_len;
      if (length < size) continue;
      memcpy(&payload, buffers[i] + length - size, sizeof payload);
      if (payload.mark != mark) continue;
      received[direction]++;
      histogram[bucket_of(time - payload.sent_at)]++;
    }
    if (count < BATCH) return;
  }
}

static void send_one(struct allocation *to, int peer, int direction, int size, const struct sockaddr_in *server, uint32_t number) {
  struct payload payload = {now(), mark, number};
  unsigned char *at = to->datagram + to->prefix;
  memcpy(at, &payload, sizeof payload);
  ssize_t result = direction == 0
    ? sendto(to->socket, to->datagram, (size_t)(to->prefix + size), 0, (const struct sockaddr *)server, sizeof *server)
    : sendto(peer, at, (size_t)size, 0, (const struct sockaddr *)&to->relayed, sizeof to->relayed);
  if (result < 0 && errno != ECONNREFUSED) return;
  sent[direction]++;
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: generator SERVER PORT PEER_PORT SIZE RATE SECONDS < allocations\n");
    return 64;
  }
  int size = atoi(argv[4]);
  double rate = atof(argv[5]), seconds = atof(argv[6]);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || size < (int)sizeof(struct payload)) return 64;
  int peer = bound_socket("127.0.0.1", atoi(argv[3]));
  int epoll = epoll_create1(0), count = 0, local_port, relayed_port;
  char local[64], relayed[64], prefix[512];
  epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &(struct epoll_event){.events = EPOLLIN, .data.u64 = MAX_ALLOCATIONS});
  while (count < MAX_ALLOCATIONS && scanf("%63s %d %63s %d %511s", local, &local_port, relayed, &relayed_port, prefix) == 5) {
    struct allocation *each = &allocations[count];
    each->socket = bound_socket(local, local_port);
    each->relayed = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(relayed_port)};
    inet_pton(AF_INET, relayed, &each->relayed.sin_addr);
    each->prefix = hex(prefix, each->datagram);
    epoll_ctl(epoll, EPOLL_CTL_ADD, each->socket, &(struct epoll_event){.events = EPOLLIN, .data.u64 = (uint64_t)count});
    count++;
  }
  if (count == 0) return 64;

  uint64_t start = now(), late = 0, total = 0, length = (uint64_t)(seconds * 1e9);
  struct epoll_event events[BATCH];
  for (;;) {
    uint64_t elapsed = now() - start;
    int over = elapsed >= length;
    uint64_t due = over ? total : (uint64_t)(elapsed / 1e9 * rate);
    if (due - total > late) late = due - total;
    /* In pieces, so that what comes back meanwhile does not wait for long. */
    for (int piece = 0; total < due && piece < BATCH; piece++, total++)
      send_one(&allocations[(total / 2) % (uint64_t)count], peer, total % 2, size, &server, (uint32_t)total);
    int ready = epoll_wait(epoll, events, BATCH, 0);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u64 == MAX_ALLOCATIONS) receive_all(peer, 0, size);
      else receive_all(allocations[events[i].data.u64].socket, 1, size);
    }
    /* What is on its way at the end still counts. */
    if (over && elapsed >= length + 300000000u) break;
    if (ready == 0 && total >= due) {
      struct timespec pause = {0, 50000};
      nanosleep(&pause, NULL);
    }
  }
  printf("{\"sent\":%lu,\"received\":%lu,\"up\":%lu,\"down\":%lu,\"p50\":%.3f,\"p99\":%.3f,\"late\":%lu}\n", sent[0] + sent[1],
         received[0] + received[1], received[0], received[1], percentile(0.5), percentile(0.99), late);
  return 0;
}
