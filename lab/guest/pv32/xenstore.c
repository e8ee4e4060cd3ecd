// SPDX-License-Identifier: Apache-2.0
// Requests to xenstored, one at a time. Events of watches may come at any time, before a reply too:
// they are noted and thrown away, for there is one watch.
#include "guest.h"

static struct xenstore_domain_interface *ring;
static bool fired;

void xenstore_init(void) {
  ring = page_of_mfn(start_info->store_mfn);
  fired = false;
}

// Sleeps until xenstored has done something to the ring. To be called in a loop: whatever happened
// between the last look and this is still pending, and ends the sleep at once.
static void wait(void) {
  event_wait(start_info->store_evtchn, 0);
  event_clear(start_info->store_evtchn);
}

static void send(const void *data, uint32_t length) {
  const char *from = data;
  for (; length > 0; length--) {
    while (ring->req_prod - ring->req_cons == sizeof ring->req) {
      event_send(start_info->store_evtchn);
      wait();
    }
    barrier();
    ring->req[ring->req_prod % sizeof ring->req] = *from++;
    barrier();
    ring->req_prod++;
  }
}

// Receives `length` octets, of which the first `size` go to `data`.
static void receive(void *data, uint32_t size, uint32_t length) {
  char *to = data;
  for (uint32_t i = 0; i < length; i++) {
    while (ring->rsp_prod == ring->rsp_cons) {
      event_send(start_info->store_evtchn);  // there is room again, if it waits for that
      wait();
    }
    barrier();
    char c = ring->rsp[ring->rsp_cons % sizeof ring->rsp];
    if (i < size) to[i] = c;
    barrier();
    ring->rsp_cons++;
  }
}

// Sends a request whose payload is `path`, its NUL and `rest`. The value of the reply goes to
// `value`, cut to `size`; returns its length there, or -1 if the reply is an error.
static int32_t request(uint32_t type, const char *path, const char *rest, uint32_t rest_length,
                       char *value, uint32_t size) {
  uint32_t path_length = text_length(path) + 1;
  struct xsd_sockmsg header = {.type = type, .len = path_length + rest_length};
  send(&header, sizeof header);
  send(path, path_length);
  send(rest, rest_length);
  event_send(start_info->store_evtchn);
  for (;;) {
    receive(&header, sizeof header, sizeof header);
    if (header.type != XS_WATCH_EVENT) break;
    receive(0, 0, header.len);
    fired = true;
  }
  receive(value, size, header.len);
  event_send(start_info->store_evtchn);
  if (header.type == XS_ERROR) return -1;
  return header.len < size ? header.len : size;
}

bool xenstore_read(const char *path, char *value, uint32_t size) {
  int32_t length = request(XS_READ, path, 0, 0, value, size - 1);
  value[length < 0 ? 0 : length] = 0;
  return length >= 0;
}

bool xenstore_write(const char *path, const char *value) {
  return request(XS_WRITE, path, value, text_length(value), 0, 0) >= 0;
}

bool xenstore_watch(const char *path) {
  return request(XS_WATCH, path, "lab", sizeof "lab", 0, 0) >= 0;
}

bool xenstore_fired(void) {
  event_clear(start_info->store_evtchn);
  while (ring->rsp_prod != ring->rsp_cons) {
    struct xsd_sockmsg header;
    receive(&header, sizeof header, sizeof header);
    receive(0, 0, header.len);
    event_send(start_info->store_evtchn);
    if (header.type == XS_WATCH_EVENT) fired = true;
  }
  bool result = fired;
  fired = false;
  return result;
}
