/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vveth: native XDP. xdp.c has programs and the sending side, xdp_receive.c
 * the receiving side.
 */
#ifndef _VVETH_XDP_H
#define _VVETH_XDP_H

#include <net/page_pool/helpers.h>
#include <net/xdp.h>
#include "vveth.h"

struct xsk_buff_pool;

/* Frames that become skbs together, their structures allocated at once. */
#define VVETH_XDP_SKB_BULK 16

/* Frames that XDP_TX gives to the other end at once. */
#define VVETH_XDP_TX_BULK 16

/**
 * struct vveth_xdp - what XDP needs in a receive queue
 * @prog: the program; valid where the structure was found in &vveth_rq.xdp
 * @pool: pages for frames that had to be copied
 * @rxq: the queue, for frames in pages of @pool
 * @rxq_other: the same for frames in other memory, of which it says the kind
 * @nr: number of the queue
 * @n_tx: number of frames in @tx
 * @tx: frames that go back to where they came from
 *
 * Made under RTNL; all but @prog is for NAPI of the queue alone after that.
 */
struct vveth_xdp {
	struct bpf_prog __rcu *prog;
	struct page_pool *pool;
	struct xdp_rxq_info rxq;
	struct xdp_rxq_info rxq_other;
	unsigned int nr;
	unsigned int n_tx;
	struct xdp_frame *tx[VVETH_XDP_TX_BULK];
};

/**
 * struct vveth_xdp_run - one turn of NAPI in a queue
 * @rq: the queue
 * @xdp: its part for XDP, or NULL
 * @prog: the program, or NULL
 * @redirected: there is something for xdp_do_flush()
 * @n: what happened, by VVETH_XDP_*
 */
struct vveth_xdp_run {
	struct vveth_rq *rq;
	struct vveth_xdp *xdp;
	struct bpf_prog *prog;
	bool redirected;
	unsigned int n[__VVETH_XDP_MAX];
};

/**
 * struct vveth_xdp_buff - a frame as a program sees it
 * @xdp: for the program
 * @skb: what it is or was the data of, or NULL
 * @borrowed: the memory can only be freed by way of the skb
 */
struct vveth_xdp_buff {
	struct xdp_buff xdp;
	struct sk_buff *skb;
	bool borrowed;
};

/* xdp.c */
void vveth_xdp_setup(struct net_device *dev);
int vveth_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf);
netdev_features_t vveth_xdp_fix_features(struct net_device *dev,
					 netdev_features_t features);
int vveth_xdp_rq_attach(struct vveth_rq *rq, unsigned int nr,
			struct bpf_prog *prog);
void vveth_xdp_rq_uninit(struct vveth_rq *rq);
int vveth_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		   u32 flags);
int vveth_xdp_send(struct net_device *dev, unsigned int nr,
		   struct xdp_frame **frames, unsigned int n);
bool vveth_xdp_address_l3(struct ethhdr *eth, const struct net_device *rcv);
void vveth_xdp_get_strings(unsigned int nr, u8 **p);
void vveth_xdp_get_values(const struct vveth_rx_stats *stats, u64 *data);
void vveth_xdp_get_pool_values(const struct net_device *dev, u64 *data);

/* xdp_receive.c */
void vveth_xdp_run_begin(struct vveth_xdp_run *run, struct vveth_rq *rq,
			 struct vveth_xdp *xdp);
void vveth_xdp_run_end(struct vveth_xdp_run *run, unsigned int packets,
		       u64 bytes);
void vveth_xdp_run_skb(struct vveth_xdp_run *run, struct sk_buff *skb,
		       bool gro);
void vveth_xdp_end(struct vveth_xdp_run *run, struct vveth_xdp_buff *buff,
		   u32 act);
void vveth_xdp_drop(struct vveth_xdp_run *run, struct vveth_xdp_buff *buff,
		    enum vnet_drop why);
void vveth_xdp_deliver(struct vveth_rq *rq, struct sk_buff *skb, bool gro);
int vveth_xdp_receive(struct vveth_rq *rq, struct vveth_xdp *xdp, int budget);
int vveth_xdp_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp);
int vveth_xdp_rx_hash(const struct xdp_md *ctx, u32 *hash,
		      enum xdp_rss_hash_type *type);
int vveth_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, u16 *tci);

/* xsk.c */
void vveth_xsk_init(void);
void vveth_xsk_exit(void);
void vveth_xsk_setup_features(struct net_device *dev);
int vveth_xsk_setup(struct net_device *dev, struct xsk_buff_pool *pool,
		    unsigned int nr);
void vveth_xsk_free(struct net_device *dev);
bool vveth_xsk_concerns(const struct net_device *dev);
void vveth_xsk_opened(struct net_device *dev);
int vveth_xsk_wakeup(struct net_device *dev, u32 nr, u32 flags);
int vveth_xsk_receive(struct vveth_rq *rq, struct vveth_xdp *xdp, int budget);

#endif /* _VVETH_XDP_H */
