// Package switchcorpus holds values of the switch, good and bad, for whatever
// has to give the same verdict as pkg/zone's ParseSwitch: the policy that the
// chart renders, in CEL here and on a real API server in the whole-product tests.
package switchcorpus

import (
	"fmt"
	"slices"
	"strings"
)

// Config is the configuration that the values are for: an instance that is
// reached both ways, one that has no internal address.
const Config = `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-bbbbb, region: cn-zhangjiakou}
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - name: hangzhou
    id: cri-aaaaa
    region: cn-hangzhou
    publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com
    internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com
    network: internal
    internalAddresses: [10.1.0.10]
  - name: zhangjiakou
    id: cri-bbbbb
    region: cn-zhangjiakou
    publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com
    internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com
    network: public
    vpcID: vpc-bbbbb
`

// Values are the corpus, in a fixed order and each once. All are valid UTF-8,
// because an API server has no other text.
func Values() []string {
	values := slices.Concat(words(), shapes(), scopes(), times(), spaces(), limits(), calm())
	slices.Sort(values)
	return slices.Compact(values)
}

var targets = []string{
	"privatezone", "hangzhou", "hangzhou/internal", "hangzhou/public", "zhangjiakou", "zhangjiakou/internal", "zhangjiakou/public",
	"", " ", "hangzou", "Hangzhou", "PRIVATEZONE", "hangzhou/", "/hangzhou", "hangzhou/vpc", "hangzhou/Public", "privatezone/public",
	"hangzhou zhangjiakou", "hangzhou,zhangjiakou", `"hangzhou"`, "'hangzhou'", "hangzhou.", "xhangzhou", "hangzhoux", "hangzhou|privatezone",
	"hangzhou\u00a0", "\u2003hangzhou", "hang\u00adzhou", "null", "~", "cross-region.registry.io", "10.1.0.10", ".*", "h.*",
}

func words() []string {
	values := slices.Clone(targets)
	for _, word := range targets {
		values = append(values, "to: "+word, "to:"+word, "to:\t"+word+" \t\r", "to: "+word+"\nreason: x",
			"to: hangzhou\nfrom: "+word+"\nshare: 10", "to: hangzhou\nfrom: "+word, "\n\n"+word+"\n")
	}
	return values
}

// shapes are about lines, keys and text.
func shapes() []string {
	values := []string{
		":", "::", "to", "to:", "to:\n", "\nto: hangzhou", "to: hangzhou\n\n", "to: hangzhou\nnow", "to: hangzhou\n\nset-by: me", "to: hangzhou\n \nset-by: me",
		"to: hangzhou\r\nset-by: oncall\r\n", "to: hangzhou\rset-by: oncall", "to: hangzhou\nto: hangzhou", "to: hangzhou\nto: zhangjiakou",
		"to: hangzhou\nwhy: x", "to: hangzhou\n set-by: x", "to: hangzhou\n\tset-by: x", "TO: hangzhou", "to : hangzhou", "- to: hangzhou",
		"reason: test", "from: privatezone", "hangzhou\nreason: x", "hangzhou\nprivatezone", "{to: hangzhou}", "to: hangzhou # now", "# now\nto: hangzhou",
		"to: hangzhou\nset_by: x", "to: hangzhou\nset-by : x", "\ufeffto: hangzhou", "to: hangzhou\n\ufeffreason: x",
		"to: hangzhou\nfrom: privatezone\nshare: 10\nreason: pulls time out: see the log\nset-by: oncall\nuntil: 2026-11-23T02:00:00Z",
		"until: 2026-11-23T02:00:00Z\nset-by: oncall\nreason: x\nnodes: a\nfrom: privatezone\nto: hangzhou",
		"to: hangzhou\nfrom: privatezone\nshare: 10\nreason: x\nset-by: y\nuntil: 2026-11-23T02:00:00Z\nreason: z",
		"to: hangzhou\nfrom: privatezone\nshare: 10\nnodes: a\nreason: x\nset-by: y\nuntil: 2026-11-23T02:00:00Z",
		"to: hangzhou\nfrom: privatezone\nshare: 10\nnodes: a\nreason: x\nset-by: y\nuntil: 2026-11-23T02:00:00Z\nto: x\nto: x\nto: x",
		"to: hangzhou" + strings.Repeat("\n", 20) + "set-by: x", strings.Repeat(":\n", 100), strings.Repeat("to: hangzhou\n", 100),
	}
	texts := []string{"", " ", "x", " x ", "a\tb", "\tx\t", "a\u00a0b", "\u00a0", "\u2028", "a\u2028b", "👩\u200d🚒", "é", "a:b", ":", "\"x\"", "a\\nb", "\ufffd", "\U0010ffff", "x\r", "x \r \t", "\r", "a\rb"}
	for r := rune(0); r <= 0xa1; r++ {
		texts = append(texts, "a"+string(r)+"b", string(r))
	}
	for _, text := range texts {
		values = append(values, "to: hangzhou\nreason: "+text+"\nset-by: me", "to: hangzhou\nset-by:"+text)
	}
	return values
}

// scopes are about share, nodes and from.
func scopes() []string {
	const long = "to: hangzhou\nfrom: privatezone\n"
	label := strings.Repeat("a", 63)
	values := []string{
		"to: hangzhou\nshare: 10", "to: hangzhou\nnodes: node-a", long, long + "share: 1\nnodes: a", "from: hangzhou\nshare: 1",
		"nodes: a\nto: hangzhou", "nodes: a\nfrom: privatezone\nto: privatezone",
	}
	for _, share := range []string{
		"0", "1", "9", "10", "99", "100", "101", "999", "1000", "010", "00", "-0", "-1", "+1", "1.0", "1e1", "10%", "0x1", "٣", "1 0", "ten", " 5", "\t5", "5 ", "5\t", "5\r", "5\u00a0", "\u00a05",
		"18446744073709551616", "1_0",
	} {
		values = append(values, long+"share: "+share, long+"share:"+share+"\nreason: x")
	}
	for _, nodes := range []string{
		"a", "A", "node-a", "node-a, node-b.example", "a,b", "a ,b", "a , b", "a,,b", "a,", ",a", ",", " , ", "a b", "a\tb", "a\t,\tb", "a\u00a0,\u2003b", "\u00a0a", "a\u00a0",
		"a\u200b,b", "node_a", "-a", "a-", "a.-b", "a..b", ".a", "a.", "a;b", "a,a", "10.0.0.1", "cn-zhangjiakou.10.0.0.1", "a/b", "*", "é", "xn--nxa",
		label, label + "a", label + "." + label, strings.Join([]string{label, label, label, label[:61]}, "."), strings.Join([]string{label, label, label, label[:62]}, "."),
		strings.Join([]string{label, label, label, label}, "."), "b," + strings.Join([]string{label, label, label, label[:62]}, ".") + ",c",
		"\u0085a", "a\u1680,\u205f\u3000b\u202f", "a\u180e", "a\r,b", "a,b\r",
	} {
		values = append(values, long+"nodes: "+nodes, long+"nodes:"+nodes+"\nreason: x")
	}
	return values
}

// calm are values that lead nowhere else, or seem to.
func calm() []string {
	var values []string
	for _, rest := range []string{
		"", "\n", "\r\n", " \t\r\nreason: back\nset-by: oncall", "\nuntil: 2026-11-23T02:00:00Z", "\nuntil: never", "\nto: hangzhou", "\nto: privatezone", "\ngarbage", "\n\nreason: x",
		"\nshare: 10", "\nnodes: a", "\nfrom: privatezone", "\nfrom: privatezone\nshare: 10", "\nfrom: privatezone\nnodes: a", "\nfrom: privatezone\nshare: 101",
		"\nfrom: hangzhou\nshare: 10", "\nfrom: hangzhou\nnodes: a", "\nwhy: x", "\n reason: x", "\nreason:", "\nprivatezone",
	} {
		values = append(values, "to: privatezone"+rest, "privatezone"+rest)
	}
	return append(values, "to: hangzhou\nreason: x\nto: privatezone", "reason: x\nto: privatezone", "reason: to: privatezone", "reason: x\nto: privatezone\nto: hangzhou")
}

// times are about until.
func times() []string {
	var values []string
	add := func(time string) {
		values = append(values, "to: hangzhou\nuntil: "+time, "to: hangzhou\nuntil:\t"+time+" \r\nset-by: x")
	}
	for _, time := range []string{
		"tomorrow", "2026-11-23", "2026-11-23T02:00:00", "2026-11-23 02:00:00Z", "2026-11-23t02:00:00Z", "2026-11-23T02:00:00z", "2026-11-23T2:00:00Z", "2026-11-23T02:0:00Z",
		"2026-11-23T02:00:0Z", "2026-11-23T02:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:59:59Z", "2026-11-23T23:60:00Z", "2026-11-23T23:59:60Z", "2026-1-23T02:00:00Z",
		"2026-11-3T02:00:00Z", "2026-11-23T02:00:00.5Z", "2026-11-23T02:00:00,5Z", "2026-11-23T02:00:00.Z", "2026-11-23T02:00:00.123456789123Z", "2026-11-23T02:00:00+08:00",
		"2026-11-23T02:00:00-08:00", "2026-11-23T02:00:00+24:00", "2026-11-23T02:00:00+24:60", "2026-11-23T02:00:00+25:00", "2026-11-23T02:00:00+08:61", "2026-11-23T02:00:00+8:00",
		"2026-11-23T02:00:00+0800", "2026-11-23T02:00:00+08", "2026-11-23T02:00:00 Z", "2026-11-23T02:00:00ZZ", "2026-11-23T02:00:00Z+08:00", "26-11-23T02:00:00Z", "12026-11-23T02:00:00Z",
		"-2026-11-23T02:00:00Z", "+2026-11-23T02:00:00Z", "٢٠٢٦-11-23T02:00:00Z", "2026-11-23T02:00:00.5,5Z", "2026-11-23T9:00:00,1-00:00", "2026-11-23T02:00:00Z\u00a0", "2026-11-23T-2:00:00Z",
		"2026-11-23T02:00:00−08:00", "2026-11-23T002:00:00Z", "2026-11-23T 2:00:00Z",
	} {
		add(time)
	}
	for _, year := range []int{0, 1, 4, 99, 100, 400, 1900, 1999, 2000, 2023, 2024, 2026, 2028, 2100, 2400, 9996, 9999} {
		for _, day := range []string{"02-28", "02-29", "02-30"} {
			add(fmt.Sprintf("%04d-%sT00:00:00Z", year, day))
		}
	}
	for month := range 14 {
		for _, day := range []int{0, 1, 28, 29, 30, 31, 32, 40} {
			add(fmt.Sprintf("2026-%02d-%02dT00:00:00Z", month, day))
		}
	}
	return values
}

// spaces stand around and inside. Every one that Go's unicode.IsSpace knows is here, and some that it doesn't.
func spaces() []string {
	var values []string
	for _, r := range "\t\n\v\f\r \u0085\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\x00\x1f\x7f" {
		s := string(r)
		for _, value := range []string{"hangzhou", "to: hangzhou", "to: hangzhou\nset-by: x", "to: hangzhou\nfrom: privatezone\nshare: 1", "to: hangzhou\nfrom: privatezone\nnodes: a"} {
			first, rest, _ := strings.Cut(value, "\n")
			values = append(values, s+value, value+s, s+s+value+s, first+s+"\n"+rest, first+"\n"+s+rest)
		}
		values = append(values, s, "hang"+s+"zhou", "to:"+s+"hangzhou", "to"+s+":hangzhou", "to: hangzhou\nfrom: privatezone\nnodes: a"+s+","+s+"b")
	}
	return values
}

// limits are about length, which is counted in bytes.
func limits() []string {
	const most = 64 << 10
	pad := func(value, with string, length int) string {
		return value + strings.Repeat(with, (length-len(value))/len(with))
	}
	var names []string
	for i := range 2500 {
		names = append(names, fmt.Sprintf("cn-zhangjiakou.10.0.%d.%d", i/250, i%250))
	}
	return []string{
		pad("", "x", 1000), pad("", "x", most), pad("", "x", most+1), pad("hangzhou", " ", most), pad("hangzhou", " ", most+1),
		pad("to: hangzhou\nreason: ", "x", most), pad("to: hangzhou\nreason: ", "x", most+1), pad("to: hangzhou\nreason: ", "é", most), pad("to: hangzhou\nreason: ", "é", most+2),
		pad("to: hangzhou\nfrom: privatezone\nnodes: a", ",a", most), pad("to: hangzhou\nfrom: privatezone\nnodes: a", ",b.c", most),
		"to: hangzhou\nfrom: privatezone\nnodes: " + strings.Join(names, ", "), "to: hangzhou\nfrom: privatezone\nnodes: " + strings.Join(names, ",") + ",",
		pad("to: hangzhou\n", "\n", most) + "x", pad("", ":", most), pad("to", ":", most),
	}
}
