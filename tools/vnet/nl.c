// SPDX-License-Identifier: GPL-2.0
/*
 * The rtnetlink socket.
 *
 * libnl 3.7 turns an error into a number of its own and drops the sentence the
 * kernel sends with it, so the error handlers here read the message themselves.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args.h"
#include "nl.h"

/* The kernel fills at most 32 KiB per message of a dump. */
#define VNL_BUF_SIZE	(64 * 1024)

/* One request on its way. */
struct vnl_call {
	struct vnl *nl;
	vnl_reader read;
	void *arg;
	int err;
	bool changed;
	bool done;
};

bool vnl_open(struct vnl *nl)
{
	int on = 1;
	int err, fd;

	nl->sentence[0] = '\0';
	nl->sk = nl_socket_alloc();
	if (!nl->sk) {
		complain("cannot open a netlink socket: no memory");
		return false;
	}
	err = nl_connect(nl->sk, NETLINK_ROUTE);
	if (err) {
		complain("cannot open a netlink socket: %s", nl_geterror(err));
		nl_socket_free(nl->sk);
		return false;
	}
	nl_socket_set_msg_buf_size(nl->sk, VNL_BUF_SIZE);

	/*
	 * Sentences with errors; errors without a copy of the request; dumps
	 * that obey the filter in their header. All are older than any kernel
	 * the suite runs on, and the tool works without the first two.
	 */
	fd = nl_socket_get_fd(nl->sk);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		       sizeof(on))) {
		complain("this kernel has no strict netlink dumps (needs 4.20): %s",
			 strerror(errno));
		nl_socket_free(nl->sk);
		return false;
	}
	return true;
}

void vnl_close(struct vnl *nl)
{
	nl_socket_free(nl->sk);
}

static void vnl_check(const void *ok)
{
	if (ok)
		return;
	complain("out of memory");
	exit(2);
}

struct nl_msg *vnl_msg(int type, int flags, const void *header, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	vnl_check(msg);
	vnl_append(msg, header, len);
	return msg;
}

void vnl_append(struct nl_msg *msg, const void *header, size_t len)
{
	vnl_check(nlmsg_append(msg, (void *)header, len, NLMSG_ALIGNTO) ?
		  NULL : msg);
}

void vnl_put(struct nl_msg *msg, int type, const void *data, size_t len)
{
	vnl_check(nla_put(msg, type, len, data) ? NULL : msg);
}

void vnl_put_u32(struct nl_msg *msg, int type, uint32_t val)
{
	vnl_put(msg, type, &val, sizeof(val));
}

void vnl_put_str(struct nl_msg *msg, int type, const char *val)
{
	vnl_put(msg, type, val, strlen(val) + 1);
}

struct nlattr *vnl_nest(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	vnl_check(nest);
	return nest;
}

/* Keeps the sentence found in the attributes that follow a verdict. */
static void vnl_keep_sentence(struct vnl *nl, const struct nlmsghdr *hdr,
			      size_t offset)
{
	const char *start = (const char *)hdr;
	const struct nlattr *msg;
	int len;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || hdr->nlmsg_len < offset)
		return;
	len = hdr->nlmsg_len - offset;
	msg = nla_find((const struct nlattr *)(start + offset), len,
		       NLMSGERR_ATTR_MSG);
	if (!msg)
		return;
	len = nla_len(msg);
	snprintf(nl->sentence, sizeof(nl->sentence), "%.*s", len,
		 (const char *)nla_data(msg));
}

/* Where the attributes of a verdict begin. */
static size_t vnl_verdict_len(const struct nlmsghdr *hdr,
			      const struct nlmsgerr *e)
{
	size_t len = NLMSG_HDRLEN + sizeof(*e);

	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		len += e->msg.nlmsg_len - sizeof(e->msg);
	return NLMSG_ALIGN(len);
}

static int vnl_on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	/* libnl hands over a pointer into the message it received. */
	const struct nlmsghdr *hdr = (void *)((char *)e - NLMSG_HDRLEN);
	struct vnl_call *call = arg;

	(void)who;
	vnl_keep_sentence(call->nl, hdr, vnl_verdict_len(hdr, e));
	call->err = e->error;
	call->done = true;
	return NL_STOP;
}

static int vnl_on_ack(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct vnl_call *call = arg;

	vnl_keep_sentence(call->nl, hdr, vnl_verdict_len(hdr, nlmsg_data(hdr)));
	if (call->nl->sentence[0])
		complain("warning: %s", call->nl->sentence);
	call->done = true;
	return NL_STOP;
}

/* A dump that fails half-way says so in its last message. */
static int vnl_on_finish(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct vnl_call *call = arg;
	int err = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(hdr), sizeof(err));
	if (err < 0) {
		vnl_keep_sentence(call->nl, hdr,
				  NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(err)));
		call->err = err;
	}
	call->done = true;
	return NL_STOP;
}

static int vnl_on_changed(struct nl_msg *msg, void *arg)
{
	struct vnl_call *call = arg;

	(void)msg;
	call->changed = true;
	return NL_OK;
}

static int vnl_on_object(struct nl_msg *msg, void *arg)
{
	struct vnl_call *call = arg;

	/* After a failed read the rest of the dump is only drained. */
	if (call->read && !call->err)
		call->err = call->read(nlmsg_hdr(msg), call->arg);
	return NL_OK;
}

static int vnl_call(struct vnl_call *call, struct nl_msg *msg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	vnl_check(cb);
	call->nl->sentence[0] = '\0';
	nl_cb_err(cb, NL_CB_CUSTOM, vnl_on_error, call);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, vnl_on_ack, call);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, vnl_on_finish, call);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, vnl_on_object, call);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, vnl_on_changed, call);

	err = nl_send_auto(call->nl->sk, msg);
	nlmsg_free(msg);
	while (err >= 0 && !call->done)
		err = nl_recvmsgs(call->nl->sk, cb);
	nl_cb_put(cb);

	if (call->done)
		return call->err;
	complain("netlink: %s", nl_geterror(err));
	return -EIO;
}

int vnl_do(struct vnl *nl, struct nl_msg *msg)
{
	struct vnl_call call = { .nl = nl };

	return vnl_call(&call, msg);
}

int vnl_get(struct vnl *nl, struct nl_msg *msg, vnl_reader read, void *arg)
{
	struct vnl_call call = { .nl = nl, .read = read, .arg = arg };

	return vnl_call(&call, msg);
}

int vnl_dump(struct vnl *nl, struct nl_msg *msg, vnl_reader read, void *arg)
{
	struct vnl_call call = { .nl = nl, .read = read, .arg = arg };
	int err;

	err = vnl_call(&call, msg);
	if (!err && call.changed)
		return VNL_CHANGED;
	return err;
}

void vnl_complain(const struct vnl *nl, int err, const char *what)
{
	if (nl->sentence[0])
		complain("cannot %s: %s (%s)", what, nl->sentence,
			 strerror(-err));
	else
		complain("cannot %s: %s", what, strerror(-err));
}

bool vnl_attr_u64(const struct nlattr *attr, uint64_t *val)
{
	switch (nla_len(attr)) {
	case sizeof(uint8_t):
		*val = nla_get_u8(attr);
		return true;
	case sizeof(uint16_t):
		*val = nla_get_u16(attr);
		return true;
	case sizeof(uint32_t):
		*val = nla_get_u32(attr);
		return true;
	case sizeof(uint64_t):
		*val = nla_get_u64(attr);
		return true;
	default:
		return false;
	}
}

uint32_t vnl_attr_u32(const struct nlattr *attr, uint32_t missing)
{
	if (!attr || nla_len(attr) < (int)sizeof(uint32_t))
		return missing;
	return nla_get_u32(attr);
}
