// SPDX-License-Identifier: GPL-2.0-only
/* The QMP client against the other end of a socket pair. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp.h"
#include "util.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

static struct qmp *q;
static int peer;
static struct qmp_msg m;

static int set_up(void **state)
{
	int p[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) ||
	    fcntl(p[0], F_SETFL, O_NONBLOCK) ||
	    fcntl(p[1], F_SETFL, O_NONBLOCK))
		return -1;
	q = qmp_new(p[0]);
	peer = p[1];
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qmp_free(q);
	return peer >= 0 ? close(peer) : 0;
}

static void say(const char *text)
{
	assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

/* What the client sent; "" if nothing. */
static const char *heard(void)
{
	static char buf[1 << 16];
	ssize_t n = read(peer, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Next message, or none. */
static int next(void)
{
	qmp_msg_done(&m);
	return qmp_next(q, &m);
}

static void commands_wait_for_the_greeting(void **state)
{
	(void)state;
	assert_int_equal(qmp_send(q, "query-status", NULL), 2);
	assert_int_equal(qmp_pump(q), 0);
	assert_string_equal(heard(), "");
	assert_int_equal(qmp_events(q), POLLIN);
	say(GREETING);
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 0);
	assert_string_equal(heard(),
		"{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
		"{\"execute\":\"query-status\",\"id\":2}\n");
}

static void answers_and_events(void **state)
{
	uint64_t id;

	(void)state;
	say(GREETING "{\"return\": {}, \"id\": 1}\r\n");
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(m.type, QMP_RETURN);
	id = qmp_hmp(q, "info registers -a");
	assert_int_equal(next(), 0);
	assert_non_null(strstr(heard(), "\"arguments\":{\"command-line\":\"info registers -a\"}"));
	say("{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-reset\"}}\r\n"
	    "{\"return\": \"RIP=0\", \"id\": 2}\r\n"
	    "{\"error\": {\"desc\": \"no\"}, \"id\": 3}\r\n");
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(m.type, QMP_EVENT);
	assert_string_equal(m.name, "SHUTDOWN");
	assert_string_equal(json_string_value(json_object_get(m.data, "reason")),
			    "guest-reset");
	assert_int_equal(next(), 1);
	assert_int_equal(m.type, QMP_RETURN);
	assert_int_equal(m.id, id);
	assert_string_equal(json_string_value(m.data), "RIP=0");
	assert_int_equal(next(), 1);
	assert_int_equal(m.type, QMP_ERROR);
	assert_int_equal(next(), 0);
}

static void any_portions(void **state)
{
	const char *text = GREETING "{\"return\": \"x\", \"id\": 1}\r\n";

	(void)state;
	for (; text[1]; text++) {
		assert_int_equal(write(peer, text, 1), 1);
		assert_int_equal(qmp_pump(q), 0);
		assert_int_equal(next(), 0);
	}
	say(text);
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 1);
	assert_string_equal(json_string_value(m.data), "x");
	assert_int_equal(next(), 0);
}

/* The last event is not lost with the connection. */
static void end_of_connection(void **state)
{
	(void)state;
	say(GREETING "{\"event\": \"SHUTDOWN\"}\r\n");
	close(peer);
	peer = -1;
	assert_int_equal(qmp_pump(q), -1);
	assert_int_equal(qmp_fd(q), -1);
	assert_int_equal(next(), 1);
	assert_int_equal(m.type, QMP_EVENT);
	assert_null(m.data);
	assert_int_equal(next(), 0);
	assert_int_equal(qmp_send(q, "quit", NULL), 0);
	assert_int_equal(qmp_pump(q), -1);
}

static void nonsense(void **state)
{
	(void)state;
	say(GREETING "nonsense\n{}\n[1,2]\n\"return\"\n{\"return\": 1, \"id\": \"x\"}\n"
	    "{\"event\": 5}\n\n{\"return\": 2, \"id\": 9}\n");
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(m.id, 0);
	assert_int_equal(next(), 1);
	assert_int_equal(m.id, 9);
	assert_int_equal(next(), 0);
}

/* A line without end ends the connection, not our memory. */
static void endless_line(void **state)
{
	char block[65536];
	int i, ret = 0;

	(void)state;
	memset(block, ' ', sizeof(block));
	for (i = 0; i < 1000 && !ret; i++) {
		if (write(peer, block, sizeof(block)) < 0)
			break;
		ret = qmp_pump(q);
	}
	assert_int_equal(ret, -1);
	assert_true(i < 200);
}

/* Commands that the other side does not take are kept. */
static void full_socket(void **state)
{
	size_t n = 0, len;
	char big[4001];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	say(GREETING);
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 0);
	for (int i = 0; i < 500; i++) {
		assert_true(qmp_hmp(q, big) > 0);
		assert_int_equal(qmp_pump(q), 0);
	}
	assert_int_equal(qmp_events(q), POLLIN | POLLOUT);
	while ((len = strlen(heard()))) {
		n += len;
		assert_int_equal(qmp_pump(q), 0);
	}
	assert_true(n > 500 * 4000);
	assert_int_equal(qmp_events(q), POLLIN);
}

/* A descriptor goes with the command that takes it, whatever is queued before. */
static void descriptor(void **state)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec iov;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	char text[512] = "", got;
	int p[2], fd = -1;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(p), 0);
	qmp_send(q, "query-status", NULL);
	assert_int_equal(qmp_send_fd(q, "vmcore", p[1]), 3);
	/* One at a time; what is not taken is closed. */
	assert_int_equal(qmp_send_fd(q, "other", dup(p[0])), 0);
	qmp_send(q, "stop", NULL);
	say(GREETING);
	assert_int_equal(qmp_pump(q), 0);
	assert_int_equal(next(), 0);
	/* Whoever reads as far as the command has the descriptor then. */
	for (size_t at = 0; !strstr(text, "\"stop\""); at += (size_t)n) {
		iov = (struct iovec){ text + at, sizeof(text) - 1 - at };
		h.msg_control = &c;
		h.msg_controllen = sizeof(c);
		n = recvmsg(peer, &h, 0);
		assert_true(n > 0);
		if (CMSG_FIRSTHDR(&h)) {
			assert_int_equal(fd, -1);
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(fd));
		}
		if (strstr(text, "getfd"))
			assert_true(fd >= 0);
	}
	assert_non_null(strstr(text, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"vmcore\"},\"id\":3}\n"));
	/* The only end for writing that there is: ours is closed. */
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(read(p[0], &got, 1), 1);
	assert_int_equal(read(p[0], &got, 1), 0);
	close(p[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_wait_for_the_greeting,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_and_events, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(any_portions, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(end_of_connection, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nonsense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(endless_line, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(descriptor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_socket, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
