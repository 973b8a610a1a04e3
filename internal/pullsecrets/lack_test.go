package pullsecrets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// twoOfTwo are two endpoints with two instances each.
var twoOfTwo = []config.Endpoint{
	{Name: "cross.example.com", Instances: []config.Instance{{Name: "hangzhou"}, {Name: "zhangjiakou"}}},
	{Name: "other.example.com", Instances: []config.Instance{{Name: "beijing"}, {Name: "shanghai"}}},
}

// holding reads what the index has of each Secret.
func holding(t *testing.T, secrets map[string][]string) pullsecrets.Namespace {
	t.Helper()
	n := pullsecrets.Namespace{}
	for name, words := range secrets {
		n[name] = []pullsecrets.Holding{}
		for _, word := range words {
			h, err := pullsecrets.ParseHolding(word)
			if err != nil {
				t.Fatal(err)
			}
			n[name] = append(n[name], h)
		}
	}
	return n
}

func TestLacks(t *testing.T) {
	both := []string{"hangzhou", "zhangjiakou"}
	for sentence, test := range map[string]struct {
		listed []string
		known  map[string][]string
		want   *pullsecrets.Lack // nil for none
	}{
		"a credential for the endpoint itself is all that is needed": {
			[]string{"hub", "pull"},
			map[string][]string{"hub": {}, "pull": {"cross.example.com", "other.example.com"}}, nil,
		},
		"of two for the endpoint one outlives the hour": {
			[]string{"a", "b"},
			map[string][]string{"a": {"cross.example.com temporary"}, "b": {"cross.example.com", "other.example.com"}}, nil,
		},
		"the only one for the endpoint ends within the hour, whatever there is for instances": {
			[]string{"a"},
			map[string][]string{"a": {"cross.example.com temporary", "cross.example.com/hangzhou"}},
			&pullsecrets.Lack{Endpoint: "cross.example.com", OwnTemporary: true},
		},
		"credentials for the instances' own hosts aren't found for the endpoint": {
			[]string{"a", "b"},
			map[string][]string{"a": {"cross.example.com/hangzhou"}, "b": {"cross.example.com/zhangjiakou"}},
			&pullsecrets.Lack{Endpoint: "cross.example.com"},
		},
		"an instance has none, the other one that ends": {
			[]string{"a"},
			map[string][]string{"a": {"cross.example.com/zhangjiakou temporary"}},
			&pullsecrets.Lack{Endpoint: "cross.example.com", Missing: []string{"hangzhou"}, Temporary: []string{"zhangjiakou"}},
		},
		"one that ends beside one that doesn't": {
			[]string{"a", "b"},
			map[string][]string{"a": {"cross.example.com/hangzhou temporary"}, "b": {"cross.example.com/hangzhou", "cross.example.com/zhangjiakou"}},
			&pullsecrets.Lack{Endpoint: "cross.example.com"},
		},
		"no instance has any": {[]string{"hub"}, map[string][]string{"hub": {}}, &pullsecrets.Lack{Endpoint: "cross.example.com", Missing: both}},
		"the second endpoint is the one that lacks": {
			[]string{"a"},
			map[string][]string{"a": {"cross.example.com"}},
			&pullsecrets.Lack{Endpoint: "other.example.com", Missing: []string{"beijing", "shanghai"}},
		},
		"what another Secret has, that isn't listed, is no help": {
			[]string{"hub"},
			map[string][]string{"hub": {}, "pull": {"cross.example.com"}}, &pullsecrets.Lack{Endpoint: "cross.example.com", Missing: both},
		},
		"a Secret that isn't known may have it":               {[]string{"hub", "new"}, map[string][]string{"hub": {}}, nil},
		"nothing is known":                                    {[]string{"hub"}, nil, nil},
		"nothing is listed":                                   {nil, map[string][]string{"hub": {}}, nil},
		"what can be no Secret's name is not listed":          {[]string{"", "Hub", "a_b"}, map[string][]string{"hub": {}}, nil},
		"names that can be none, beside one, aren't unknown":  {[]string{"", "hub", "hub"}, map[string][]string{"hub": {}}, &pullsecrets.Lack{Endpoint: "cross.example.com", Missing: both}},
		"a list that is too long for anybody isn't looked at": {make([]string, pullsecrets.MaxListed+1), map[string][]string{"": {}}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, lacks := pullsecrets.Lacks(twoOfTwo, test.listed, holding(t, test.known))
			if lacks != (test.want != nil) {
				t.Fatalf("it is %+v, %t", got, lacks)
			}
			if test.want != nil {
				if diff := cmp.Diff(*test.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
