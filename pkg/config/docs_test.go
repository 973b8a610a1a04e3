package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

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

// TestTheDocumentTellsTheDefaults holds the second column of the table against Default,
// key by key, where it has values.
func TestTheDocumentTellsTheDefaults(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	var defaults map[string]any
	if err := json.Unmarshal(text, &defaults); err != nil {
		t.Fatal(err)
	}
	compared := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		keys, values := code.FindAllStringSubmatch(cells[1], -1), code.FindAllStringSubmatch(cells[2], -1)
		if len(values) == 0 || strings.Contains(cells[1], "endpoints") || len(keys) != len(values) {
			continue
		}
		section, _, _ := strings.Cut(keys[0][1], ".")
		for n, key := range keys {
			name := key[1][strings.LastIndex(key[1], ".")+1:]
			of, _ := defaults[section].(map[string]any)
			got := fmt.Sprint(of[name])
			if d, err := time.ParseDuration(values[n][1]); err == nil {
				values[n][1] = d.String()
			}
			if got != values[n][1] {
				t.Errorf("docs/configuration.md says that %s.%s is %s by default, and it is %s", section, name, values[n][1], got)
			}
			compared[section+"."+name] = true
		}
	}
	for section, of := range defaults {
		for name, value := range asMap(of) {
			if isValue := value != nil && value != "" && !reflect.ValueOf(value).IsZero(); isValue && !compared[section+"."+name] {
				t.Errorf("docs/configuration.md doesn't tell that %s.%s is %v by default", section, name, value)
			}
		}
	}
}

func asMap(value any) map[string]any {
	of, _ := value.(map[string]any)
	return of
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
