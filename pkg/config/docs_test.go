package config_test

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestTheDocumentListsEveryKey holds the first column of the table in
// docs/configuration.md against the type, in both directions.
func TestTheDocumentListsEveryKey(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := documentedKeys(string(data))
	known := keys("", reflect.TypeFor[config.Config]())
	for key, leaf := range known {
		if leaf && !documented[key] {
			t.Errorf("docs/configuration.md has no row for %s", key)
		}
	}
	for key := range documented {
		if _, exists := known[key]; !exists {
			t.Errorf("docs/configuration.md has a row for %s, which doesn't exist", key)
		}
	}
}

// keys are the paths of all keys, with [] for a list of mappings; the value says whether it is a leaf.
func keys(prefix string, t reflect.Type) map[string]bool {
	found := map[string]bool{}
	for f := range t.Fields() {
		path, of := prefix+f.Tag.Get("json"), f.Type
		found[path] = false
		if of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct {
			path, of = path+"[]", of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[config.Duration]() {
			found[path] = true
			continue
		}
		maps.Copy(found, keys(path+".", of))
	}
	return found
}

var code = regexp.MustCompile("`([^`]+)`")

// documentedKeys reads the table, where `.x` stands beside the key before and …. for endpoints[].
func documentedKeys(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		parent := ""
		for _, match := range code.FindAllStringSubmatch(cells[1], -1) {
			key := strings.Replace(match[1], "….", "endpoints[].", 1)
			if strings.HasPrefix(key, ".") {
				key = parent + key
			}
			parent = key[:max(0, strings.LastIndex(key, "."))]
			found[key] = true
		}
	}
	return found
}
