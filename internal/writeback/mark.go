package writeback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// MaxRemark is how many characters a record's Remark may have.
//
// Source: the error Zone.Remark of https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updaterecordremark
const MaxRemark = 50

// remarkForm is of what the cloud takes, by the same source.
var remarkForm = regexp.MustCompile(`^[0-9A-Za-z\p{Han}_,.，。-]+$`)

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
	// Owner is empty where the mark can't be read.
	Owner string
	// Original is what the name led to; empty where it can't be read, or a CNAME's
	// hash is nobody's that is known.
	Original zone.Records
	// Replaced is the Remark that was there before, where it is kept.
	Replaced string
	text     string
}

// NewMark makes the mark for a name in place of a Remark, which is left out where
// there is no room for it, or the cloud wouldn't take it again. It fails where the original is more than a Remark can hold.
func NewMark(owner string, original zone.Records, replaced string) (Mark, error) {
	var parts []string
	for _, a := range original.Addrs {
		parts = append(parts, writeAddr(a))
	}
	if original.CNAME != "" {
		parts = []string{original.CNAME}
	}
	m := Mark{Owner: owner, Original: original, text: prefix + owner + "-" + strings.Join(parts, ",")}
	if original.CNAME != "" && (len(m.text) > MaxRemark || !hostForm.MatchString(original.CNAME)) {
		m.text = prefix + owner + "-" + hashed(original.CNAME)
	}
	if len(m.text) > MaxRemark {
		return Mark{}, fmt.Errorf("the name has %d addresses, which don't fit into the %d characters of a Remark", len(original.Addrs), MaxRemark)
	}
	if whole := m.text + remarkSign + replaced; remarkForm.MatchString(replaced) && utf8.RuneCountInString(whole) <= MaxRemark {
		m.text, m.Replaced = whole, replaced
	}
	return m, nil
}

// String is the Remark.
func (m Mark) String() string { return m.text }

// remarkSign stands before the Remark that was there; no address and no name begins so.
const remarkSign = ",_"

var (
	anyMark  = regexp.MustCompile(`^rf[0-9]+-`)
	markForm = regexp.MustCompile(`^rf1-([0-9a-f]{8})-([a-z0-9._,-]+?)(?:,_(.+))?$`)
	// hostForm is of names that are no addresses, nor what is left of one.
	hostForm = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)
)

// ParseMark reads a Remark. The hosts are those that a hash may stand for. It
// tells whether the Remark is a mark at all, of whatever version and cluster.
func ParseMark(remark string, hosts []string) (Mark, bool) {
	remark = strings.TrimSpace(remark)
	found := markForm.FindStringSubmatch(remark)
	if found == nil {
		return Mark{text: remark}, anyMark.MatchString(remark)
	}
	m := Mark{Owner: found[1], Replaced: found[3], text: remark}
	if hostForm.MatchString(found[2]) {
		m.Original.CNAME = found[2]
		return m, true
	}
	if i := slices.IndexFunc(hosts, func(h string) bool { return hashed(h) == found[2] }); i >= 0 {
		m.Original.CNAME = hosts[i]
		return m, true
	}
	for part := range strings.SplitSeq(found[2], ",") {
		addr, err := readAddr(part)
		if err != nil {
			m.Original = zone.Records{}
			break
		}
		m.Original.Addrs = append(m.Original.Addrs, addr)
	}
	return m, true
}

// hashed is a CNAME that a Remark can't hold. It has no dot, so it is no name's.
func hashed(cname string) string {
	sum := sha256.Sum256([]byte(cname))
	return "cname_" + hex.EncodeToString(sum[:12])
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
