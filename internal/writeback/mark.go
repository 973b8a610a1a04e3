package writeback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// MaxRemark is how long a record's Remark may be. The cloud takes letters,
// digits, and _ - , . in it.
//
// Source: the error Zone.Remark of https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updaterecordremark
const MaxRemark = 50

// prefix begins each mark, with the version of its form.
const prefix = "rf1-"

// Owner makes the id by which a cluster signs its marks, of something that no
// other cluster has: the UID of its namespace kube-system.
func Owner(uid string) string {
	sum := sha256.Sum256([]byte(uid))
	return hex.EncodeToString(sum[:4])
}

// A Mark says which cluster has written a name's records, and what they were.
type Mark struct {
	Owner string
	// Original is what the name led to; empty where a CNAME's hash is nobody's that is known.
	Original zone.Records
	text     string
}

// NewMark makes the mark for a name. It fails where the original is more than a
// Remark can hold.
func NewMark(owner string, original zone.Records) (Mark, error) {
	var parts []string
	for _, a := range original.Addrs {
		parts = append(parts, writeAddr(a))
	}
	if original.CNAME != "" {
		parts = []string{original.CNAME}
	}
	m := Mark{Owner: owner, Original: original, text: prefix + owner + "-" + strings.Join(parts, ",")}
	if len(m.text) > MaxRemark && original.CNAME != "" {
		m.text = prefix + owner + "-" + hashed(original.CNAME)
	}
	if len(m.text) > MaxRemark {
		return Mark{}, fmt.Errorf("the name has %d addresses, which don't fit into the %d characters of a Remark", len(original.Addrs), MaxRemark)
	}
	return m, nil
}

// String is the Remark.
func (m Mark) String() string { return m.text }

var markForm = regexp.MustCompile(`^rf1-([0-9a-f]{8})-([a-z0-9._,-]+)$`)

// ParseMark reads a Remark. The hosts are those that a hash may stand for. It
// tells whether the Remark is a mark at all.
func ParseMark(remark string, hosts []string) (Mark, bool) {
	found := markForm.FindStringSubmatch(strings.TrimSpace(remark))
	if found == nil {
		return Mark{}, false
	}
	m := Mark{Owner: found[1], text: found[0]}
	for part := range strings.SplitSeq(found[2], ",") {
		addr, err := readAddr(part)
		if err == nil {
			m.Original.Addrs = append(m.Original.Addrs, addr)
			continue
		}
		m.Original = zone.Records{}
		switch i := slices.IndexFunc(hosts, func(h string) bool { return hashed(h) == found[2] }); {
		case i >= 0:
			m.Original.CNAME = hosts[i]
		case !strings.HasPrefix(found[2], hashPrefix) && strings.Contains(found[2], ".") && !strings.Contains(found[2], ","):
			m.Original.CNAME = found[2]
		}
		break
	}
	return m, true
}

// hashPrefix is of no DNS name, which has no underscore at the start of a label here.
const hashPrefix = "cname_"

func hashed(cname string) string {
	sum := sha256.Sum256([]byte(cname))
	return hashPrefix + hex.EncodeToString(sum[:12])
}

// writeAddr is an address without the colons that a Remark may not have.
func writeAddr(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	whole := a.As16()
	return "v6_" + hex.EncodeToString(whole[:])
}

func readAddr(text string) (netip.Addr, error) {
	whole, isV6 := strings.CutPrefix(text, "v6_")
	if !isV6 {
		return netip.ParseAddr(text)
	}
	bytes, err := hex.DecodeString(whole)
	if err != nil || len(bytes) != 16 {
		return netip.Addr{}, fmt.Errorf("%q is no address", text)
	}
	return netip.AddrFrom16([16]byte(bytes)), nil
}
