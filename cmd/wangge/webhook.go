package main

import (
	"fmt"
	"net/netip"
	"strings"

	"wangge/geo/webhook"
)

// webhookFlags are an operator's choices about gateways that administrators name.
type webhookFlags struct {
	WebhookNetwork []string `name:"webhook-network" variable:"WANGGE_WEBHOOK_NETWORK" placeholder:"NETWORK" help:"Address or network, such as 127.0.0.1 or 10.1.0.0/16, where a message gateway may be though it is not a public one ($$WANGGE_WEBHOOK_NETWORK)."`
}

func (f webhookFlags) gate() (g webhook.Gate, err error) {
	for _, text := range f.WebhookNetwork {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			ip, badIP := netip.ParseAddr(text)
			if badIP != nil {
				return g, fmt.Errorf("--webhook-network %s: want an address or a network such as 10.1.0.0/16", text)
			}
			network = netip.PrefixFrom(ip, ip.BitLen())
		}
		g.Networks = append(g.Networks, network.Masked())
	}
	return g, nil
}

// link is what the address of our page begins with; nothing when it has no name.
func (f serverFlags) link() string {
	switch {
	case len(f.Host) == 0:
		return ""
	case strings.Contains(f.Host[0], ":"): // an address of IPv6
		return "https://[" + f.Host[0] + "]"
	}
	return "https://" + f.Host[0]
}
