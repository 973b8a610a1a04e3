package dnsclient

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSystemServers(t *testing.T) {
	for sentence, test := range map[string]struct {
		text string
		want []string
	}{
		"an ACK node has two servers": {
			"# made by cloud-init\nsearch local\noptions timeout:2 attempts:3 rotate single-request-reopen\nnameserver 100.100.2.136\nnameserver 100.100.2.138\n",
			[]string{"100.100.2.136:53", "100.100.2.138:53"}},
		"IPv6, with a zone too":                    {"nameserver 2001:db8::53\nnameserver fe80::1%eth0\n", []string{"[2001:db8::53]:53", "[fe80::1%eth0]:53"}},
		"tabs, spaces, CR and a comment after":     {"\tnameserver \t 10.0.0.2 # first\r\n", []string{"10.0.0.2:53"}},
		"a server that stands twice is asked once": {"nameserver 10.0.0.2\nnameserver 10.0.0.2\n", []string{"10.0.0.2:53"}},
		"a line without an address is passed over": {"nameserver\nnameserver dns.example.com\nnameserver 10.0.0.2", []string{"10.0.0.2:53"}},
		"comments are passed over":                 {"#nameserver 10.0.0.3\n; nameserver 10.0.0.4\nnameserver 10.0.0.2", []string{"10.0.0.2:53"}},
		"a file without servers is an error":       {"search local\n", nil},
		"an empty file is an error":                {"", nil},
		"a line without end is an error":           {"nameserver 10.0.0.2\n" + strings.Repeat("x", 1<<17), nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			servers, err := SystemServers(strings.NewReader(test.text))
			var got []string
			for _, s := range servers {
				got = append(got, s.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" || (err != nil) != (test.want == nil) {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzSystemServers(f *testing.F) {
	f.Add("nameserver 100.100.2.136\nnameserver fe80::1%eth0\n# x\n")
	f.Add("nameserver \x00\nnameserver 256.0.0.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		servers, err := SystemServers(strings.NewReader(text))
		if (err != nil) != (len(servers) == 0) {
			t.Fatalf("%d servers with the error %v", len(servers), err)
		}
		seen := map[netip.AddrPort]bool{}
		for _, s := range servers {
			if !s.IsValid() || s.Port() != 53 || seen[s] {
				t.Fatalf("unusable or doubled: %v", servers)
			}
			seen[s] = true
		}
	})
}
