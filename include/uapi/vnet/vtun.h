/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ip link add ... type vtun: the options that vtun has beside those of tun,
 * which are IFLA_TUN_* in <linux/if_link.h>. The ioctls of /dev/net/vtun are
 * those of <linux/if_tun.h>.
 */
#ifndef _UAPI_VNET_VTUN_H
#define _UAPI_VNET_VTUN_H

/**
 * enum vtun_info - attributes in IFLA_INFO_DATA
 * @VTUN_INFO_VNET_HDR_SZ: s32, bytes of the virtio_net_hdr in front of each
 *			   frame, 10 to 4096; fixed when the device is made, but
 *			   for TUNSETVNETHDRSZ
 * @__VTUN_INFO_MAX: end of the list
 *
 * The numbers below 32 are tun's. None is above 50, which is as many as the
 * kernel's core has room for.
 */
enum vtun_info {
	VTUN_INFO_VNET_HDR_SZ = 32,
	__VTUN_INFO_MAX
};

#define VTUN_INFO_MAX (__VTUN_INFO_MAX - 1)

#endif /* _UAPI_VNET_VTUN_H */
