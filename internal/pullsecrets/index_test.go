package pullsecrets_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// known is what testdata/pullsecrets/shop.json has.
var known = pullsecrets.Namespace{
	"both":    {{Endpoint: shared, Instance: "hangzhou"}, {Endpoint: shared, Instance: "zhangjiakou", Temporary: true}},
	"direct":  {{Endpoint: shared}},
	"hub":     {},
	"second":  {{Endpoint: second, Instance: "beijing"}},
	"pull-b":  {{Endpoint: shared, Instance: "zhangjiakou"}},
	"expires": {{Endpoint: second, Temporary: true}},
}

func TestTheIndexIsTheGoldenFile(t *testing.T) {
	text, err := os.ReadFile("../../testdata/pullsecrets/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(text)), known.Encode()); diff != "" {
		t.Error(diff)
	}
	got, err := pullsecrets.DecodeNamespace(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(known, got); diff != "" {
		t.Error(diff)
	}
}

func TestWordsOfANewerIndexArePassedOver(t *testing.T) {
	got, err := pullsecrets.DecodeNamespace([]byte(`{"a":["r.io/b forever","r.io/b","*",""],"c":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pullsecrets.Namespace{"a": {{Endpoint: "r.io", Instance: "b"}}, "c": {}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoIndexIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `"s3cret"`, `{"a":"s3cret"}`, `{"a":[5]}`, `{"a":[]} {}`} {
		got, err := pullsecrets.DecodeNamespace([]byte(text))
		if err == nil || got != nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
}
