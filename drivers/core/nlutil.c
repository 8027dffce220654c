// SPDX-License-Identifier: GPL-2.0
/*
 * rtnetlink helpers shared by the suite's drivers.
 */
#include <linux/if_link.h>
#include <linux/module.h>
#include <vnet/nlutil.h>

/**
 * vnet_nl_check_info() - refuse link attributes that a kind does not know
 * @tb: the link message's attributes, indexed by IFLA_*
 * @which: IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA
 * @policy: the kind's policy; a type without an entry is unknown
 * @maxtype: last index of @policy
 * @extack: gets the sentence
 *
 * The core parses both nests leniently: a type beyond @maxtype is skipped
 * and one without a policy is let through. An option that is skipped looks
 * accepted to the user, so it is an error here.
 *
 * Context: RTNL.
 * Return: 0, or -EINVAL where an attribute is unknown or the nest has a
 * remainder that is no attribute.
 */
int vnet_nl_check_info(struct nlattr *tb[], int which,
		       const struct nla_policy *policy, int maxtype,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *info = NULL, *nla;
	int rem;

	if (!tb[IFLA_LINKINFO])
		return 0;
	nla_for_each_nested(nla, tb[IFLA_LINKINFO], rem)
		if (nla_type(nla) == which)
			info = nla;
	if (!info)
		return 0;

	nla_for_each_nested(nla, info, rem) {
		int type = nla_type(nla);

		if (type > maxtype ||
		    (!policy[type].type && !policy[type].len)) {
			NL_SET_ERR_MSG_ATTR(extack, nla,
					    "this kind of device has no such option");
			return -EINVAL;
		}
	}
	if (rem) {
		NL_SET_ERR_MSG_ATTR(extack, info,
				    "the options end in the middle of an attribute");
		return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vnet_nl_check_info);
