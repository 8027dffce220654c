/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events: rules that come and go, and frames of a known flow that are
 * left to the stack.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vflow

#if !defined(_VFLOW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VFLOW_TRACE_H

#include <linux/tracepoint.h>
#include "vflow.h"

DECLARE_EVENT_CLASS(vflow_rule,
		    TP_PROTO(const struct vflow_dev *vdev,
			     const struct vflow_rule *rule),
		    TP_ARGS(vdev, rule),
		    TP_STRUCT__entry(__field(int, in)
				     __field(int, out)
				     __field(u8, family)
				     __field(u8, proto)
				     __field(u16, sport)
				     __field(u16, dport)
				     __field(u16, new_sport)
				     __field(u16, new_dport)),
		    TP_fast_assign(__entry->in = vdev->dev->ifindex;
			__entry->out = rule->out->ifindex;
			__entry->family = rule->key.family;
			__entry->proto = rule->key.proto;
			__entry->sport = ntohs(rule->key.sport);
			__entry->dport = ntohs(rule->key.dport);
			__entry->new_sport = ntohs(rule->to.sport);
			__entry->new_dport = ntohs(rule->to.dport);),
		    TP_printk("in=%d out=%d family=%u proto=%u sport=%u dport=%u new_sport=%u new_dport=%u",
			      __entry->in, __entry->out, __entry->family,
			      __entry->proto, __entry->sport, __entry->dport,
			      __entry->new_sport, __entry->new_dport));

DEFINE_EVENT(vflow_rule, vflow_rule_add,
	     TP_PROTO(const struct vflow_dev *vdev,
		      const struct vflow_rule *rule),
	     TP_ARGS(vdev, rule));

DEFINE_EVENT(vflow_rule, vflow_rule_del,
	     TP_PROTO(const struct vflow_dev *vdev,
		      const struct vflow_rule *rule),
	     TP_ARGS(vdev, rule));

TRACE_EVENT(vflow_rule_refuse,
	    TP_PROTO(const struct vflow_dev *vdev, int err),
	    TP_ARGS(vdev, err),
	    TP_STRUCT__entry(__field(int, in)
			     __field(int, err)),
	    TP_fast_assign(__entry->in = vdev->dev->ifindex;
			   __entry->err = err;),
	    TP_printk("in=%d err=%d", __entry->in, __entry->err));

TRACE_EVENT(vflow_pass,
	    TP_PROTO(const struct vflow_dev *vdev,
		     const struct vflow_rule *rule, unsigned int why),
	    TP_ARGS(vdev, rule, why),
	    TP_STRUCT__entry(__field(int, in)
			     __field(u16, sport)
			     __field(u16, dport)
			     __field(unsigned int, why)),
	    TP_fast_assign(__entry->in = vdev->dev->ifindex;
			   __entry->sport = ntohs(rule->key.sport);
			   __entry->dport = ntohs(rule->key.dport);
			   __entry->why = why;),
	    TP_printk("in=%d sport=%u dport=%u why=%u", __entry->in,
		      __entry->sport, __entry->dport, __entry->why));

#endif /* _VFLOW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
