package health

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChallenges(t *testing.T) {
	type params = map[string]string
	for sentence, test := range map[string]struct {
		values []string
		want   []challenge
	}{
		"none": {nil, nil},
		"one of ACR's": {[]string{challengeOfA}, []challenge{{"bearer", params{
			"realm": "https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth", "service": "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa:2a",
		}}}},
		"a comma in quotes belongs to the value":  {[]string{`Bearer scope="repository:a/b:pull,push",service="x"`}, []challenge{{"bearer", params{"scope": "repository:a/b:pull,push", "service": "x"}}}},
		"quotes can be escaped":                   {[]string{`Bearer realm="a\"b\\c"`}, []challenge{{"bearer", params{"realm": `a"b\c`}}}},
		"case and blanks don't matter":            {[]string{"BEARER  Realm = \"x\" ,\tSERVICE=y"}, []challenge{{"bearer", params{"realm": "x", "service": "y"}}}},
		"two in one value":                        {[]string{`Basic realm="x", Bearer realm="y"`}, []challenge{{"basic", params{"realm": "x"}}, {"bearer", params{"realm": "y"}}}},
		"two in two values":                       {[]string{`Negotiate`, `Bearer realm="y"`}, []challenge{{"negotiate", params{}}, {"bearer", params{"realm": "y"}}}},
		"a scheme without parameters before":      {[]string{`Negotiate, Bearer realm="y"`}, []challenge{{"negotiate", params{}}, {"bearer", params{"realm": "y"}}}},
		"a scheme with a token68 before":          {[]string{`Negotiate a87421/+==, Bearer realm="y"`}, []challenge{{"negotiate", params{}}, {"bearer", params{"realm": "y"}}}},
		"empty elements of the list":              {[]string{`,, Bearer ,realm="y",,`}, []challenge{{"bearer", params{"realm": "y"}}}},
		"the first of two equal parameters":       {[]string{`Bearer realm=x, realm=y`}, []challenge{{"bearer", params{"realm": "x"}}}},
		"a quote that doesn't end ends the value": {[]string{`Bearer service=x, realm="y`}, []challenge{{"bearer", params{"service": "x"}}}},
		"a parameter without a scheme":            {[]string{`realm="y"`}, nil},
		"no token at all":                         {[]string{`"Bearer"`, ``, ` `, "\x00"}, nil},
		"something stuck to a value":              {[]string{`Bearer realm="x"y`}, []challenge{{"bearer", params{}}}},
		"something stuck to a scheme":             {[]string{`Bearer;realm="x"`}, []challenge{{"bearer", params{}}}},
		"a value that is missing":                 {[]string{`Bearer realm=`}, []challenge{{"bearer", params{}}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseChallenges(test.values), cmp.AllowUnexported(challenge{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereTokensAre(t *testing.T) {
	for sentence, test := range map[string]struct {
		values      []string
		realm, want string
	}{
		"a realm":                        {[]string{challengeOfA}, "https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth", ""},
		"a realm with a port":            {[]string{`Bearer realm="https://auth.example:8443/"`}, "https://auth.example:8443/", ""},
		"a password instead of a token":  {[]string{`Basic realm="registry"`}, "", ""},
		"no challenge":                   {nil, "", `it answers 401, and its challenge can't be read: ""`},
		"a challenge that is no such":    {[]string{`="`}, "", `it answers 401, and its challenge can't be read: "=\""`},
		"a token from nowhere":           {[]string{`Bearer service="x"`}, "", "its challenge names no token realm"},
		"a realm that is no address":     {[]string{`Bearer realm="registry"`}, "", `the token realm "registry" is no https address`},
		"a realm without encryption":     {[]string{`Bearer realm="http://auth.example/"`}, "", `the token realm "http://auth.example/" is no https address`},
		"a realm that can't be parsed":   {[]string{`Bearer realm="https://[::1"`}, "", `the token realm "https://[::1" is no https address`},
		"a realm whose host is no name":  {[]string{`Bearer realm="https://a b/"`}, "", `the token realm "https://a b/" is no https address`},
		"a realm at a port that is none": {[]string{`Bearer realm="https://auth.example:99999/"`}, "", `the token realm "https://auth.example:99999/" is no https address`},
		"a realm that is far too long":   {[]string{`Bearer realm="` + strings.Repeat("x", 300) + `"`}, "", `the token realm "` + strings.Repeat("x", 200) + `…" is no https address`},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := readChallenges(test.values)
			realm, problem := "", ""
			if a.Realm != nil {
				realm = a.Realm.String()
			}
			if a.RealmErr != nil {
				problem = a.RealmErr.Error()
			}
			if realm != test.realm || problem != test.want {
				t.Errorf("realm %q, error %q", realm, problem)
			}
		})
	}
}

func TestWhatAnInstanceAsksFor(t *testing.T) {
	for sentence, test := range map[string]struct {
		values  []string
		basic   bool
		service string
	}{
		"a token of a service": {[]string{challengeOfA}, false, "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa:2a"},
		"a password":           {[]string{`Basic realm="registry"`}, true, ""},
		"either":               {[]string{`Basic realm="registry"`, challengeOfA}, true, "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa:2a"},
		"neither":              {[]string{`Digest realm="registry"`}, false, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			if a := readChallenges(test.values); a.Basic != test.basic || a.Service != test.service {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestIdentities(t *testing.T) {
	for service, want := range map[string]Identity{
		"registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa":          {"cri-aaaaa", "cn-hangzhou"},
		"registry.aliyuncs.com:cn-zhangjiakou:china:cri-bbbbb:26842": {"cri-bbbbb", "cn-zhangjiakou"},
		"registry.aliyuncs.com:cn-hangzhou:26842":                    {}, // Personal Edition
		"registry.aliyuncs.com:cn-hangzhou:china:":                   {},
		"registry.aliyuncs.com::china:cri-aaaaa":                     {},
		"registry.aliyuncs.com:cn-hangzhou:china:cri-a/../b":         {},
		"registry.example:cn-hangzhou:china:cri-aaaaa":               {},
		"registry.docker.io":                                         {},
		"":                                                           {},
	} {
		if got := identify(service); got != want {
			t.Errorf("%q: %+v", service, got)
		}
	}
}

// FuzzChallenges: what is read can be written again and reads the same.
func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{challengeOfA, `Negotiate a==, Basic realm="x\"", Bearer realm=y`, `Bearer realm="`, `a b=c,d e`, "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		first := parseChallenges([]string{value})
		var written strings.Builder
		for i, c := range first {
			if c.scheme == "" {
				t.Errorf("challenge %d has no scheme", i)
			}
			written.WriteString(", " + c.scheme + " ")
			for n, name := range slices.Sorted(maps.Keys(c.params)) {
				if n > 0 {
					written.WriteString(", ")
				}
				written.WriteString(name + "=" + quote(c.params[name]))
			}
		}
		if diff := cmp.Diff(first, parseChallenges([]string{written.String()}), cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%s reads as another\n%s", strconv.Quote(written.String()), diff)
		}
		a := readChallenges([]string{value})
		if a.Realm != nil && (a.Realm.Scheme != "https" || a.Realm.Hostname() == "" || a.RealmErr != nil) {
			t.Errorf("realm %s, error %v", a.Realm, a.RealmErr)
		}
		if a.Instance.ID != "" && !strings.HasPrefix(a.Instance.ID, "cri-") {
			t.Errorf("instance %q", a.Instance.ID)
		}
	})
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
