package chart

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// A schema is what matters here of a JSON schema.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 any               `json:"type"`
	AdditionalProperties *bool             `json:"additionalProperties"`
	Properties           map[string]schema `json:"properties"`
	Items                *schema           `json:"items"`
	Enum                 []any             `json:"enum"`
	Definitions          map[string]schema `json:"definitions"`
}

func readSchema(t *testing.T) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal([]byte(read(t, chartDir+"/values.schema.json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// words are the texts of the enum, sorted, but for those of the head.
func (s schema) words() []string {
	var found []string
	for _, v := range s.Enum {
		if word, isText := v.(string); isText && word != config.APIVersion && word != config.Kind {
			found = append(found, word)
		}
	}
	slices.Sort(found)
	return found
}

func (s schema) follow(root schema) schema {
	if name, isRef := strings.CutPrefix(s.Ref, "#/definitions/"); isRef {
		return root.Definitions[name]
	}
	return s
}

// TestTheSchemaHasTheKeysOfTheConfiguration keeps it from drifting from pkg/config.
func TestTheSchemaHasTheKeysOfTheConfiguration(t *testing.T) {
	root := readSchema(t)
	compareKeys(t, "config", reflect.TypeFor[config.Config](), root.Properties["config"], root)
}

func compareKeys(t *testing.T, path string, goType reflect.Type, s, root schema) {
	t.Helper()
	s = s.follow(root)
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	switch {
	case goType == reflect.TypeFor[config.Duration]():
		if !cmp.Equal(s, root.Definitions["duration"]) {
			t.Errorf("%s is a duration", path)
		}
	case goType.Kind() == reflect.Struct:
		keys := map[string]reflect.Type{}
		for field := range goType.Fields() {
			keys[strings.Split(field.Tag.Get("json"), ",")[0]] = field.Type
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(keys)), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
			t.Errorf("%s has other keys in pkg/config (-) than in the schema (+):\n%s", path, diff)
		}
		for key, fieldType := range keys {
			compareKeys(t, path+"."+key, fieldType, s.Properties[key], root)
		}
	case goType.Kind() == reflect.Slice:
		if s.Type != "array" || s.Items == nil {
			t.Errorf("%s is a list", path)
			return
		}
		compareKeys(t, path+"[]", goType.Elem(), *s.Items, root)
	default:
		// A word with a list of its own values, one that has a pattern, or a plain value.
		if diff := cmp.Diff(words(t)[goType.String()], s.words()); diff != "" {
			t.Errorf("%s has other words in the code (-) than in the schema (+):\n%s", path, diff)
		}
		want := map[reflect.Kind]string{reflect.Bool: "boolean", reflect.Int: "integer", reflect.Float64: "number", reflect.String: "string"}[goType.Kind()]
		if s.Type != nil && s.Type != want {
			t.Errorf("%s is a %s, the schema says %s", path, goType, s.Type)
		}
	}
}

// TestTheSchemaRefusesUnknownKeysEverywhere looks at each object; global is Helm's.
func TestTheSchemaRefusesUnknownKeysEverywhere(t *testing.T) {
	root := readSchema(t)
	var look func(path string, s schema)
	look = func(path string, s schema) {
		if s.Type == "object" && path != ".global" && (s.AdditionalProperties == nil || *s.AdditionalProperties) {
			t.Errorf("%s takes unknown keys", path)
		}
		for key, p := range s.Properties {
			look(path+"."+key, p)
		}
		for name, d := range s.Definitions {
			look(".definitions."+name, d)
		}
		if s.Items != nil {
			look(path+"[]", *s.Items)
		}
	}
	look("", root)
}

func TestHelmRefusesWhatTheProgramsWould(t *testing.T) {
	full := read(t, repository+"/testdata/config/full.yaml")
	for sentence, test := range map[string]struct{ old, new, want string }{
		"an unknown key":            {"writeBack: true", "writeBak: true", "at '/config/privateZone': additional properties 'writeBak' not allowed"},
		"an unknown key far inside": {"ttl: 30s", "tttl: 30s", "at '/config/endpoints/0': additional properties 'tttl' not allowed"},
		"an unknown word":           {"source: API", "source: Api", "at '/config/privateZone/source': value must be one of 'VPCDNS', 'API'"},
		"a number as a duration":    {"dwell: 15m", "dwell: 15", "at '/config/failover/dwell': got number, want string"},
		"a duration without a unit": {"dwell: 15m", `dwell: "15"`, "at '/config/failover/dwell': '15' does not match pattern"},
		"a word for a boolean":      {"onUpdate: true", `onUpdate: "true"`, "at '/config/admission/onUpdate': got string, want boolean"},
		"no network":                {"\n    network: public", "", "at '/config/endpoints/1/instances/0': missing property 'network'"},
		"a port in an endpoint":     {"name: second.registry.io", "name: second.registry.io:443", "at '/config/endpoints/1/name': 'second.registry.io:443' does not match pattern"},
		"a share above 1":           {"readyShare: 0.99", "readyShare: 95", "at '/config/failover/readyShare': maximum: got 95, want 1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			text := strings.Replace(full, test.old, test.new, 1)
			if text == full {
				t.Fatalf("%q is not there", test.old)
			}
			if _, err := config.Parse([]byte(text)); err == nil {
				t.Error("pkg/config takes it")
			}
			output, err := template(t, "--values="+values(t, text))
			if err == nil || !strings.Contains(output, test.want) {
				t.Errorf("helm says %v: %s", err, output)
			}
		})
	}
}

func TestTheConfigurationArrivesAsItWasWritten(t *testing.T) {
	for _, name := range []string{"example", "full"} {
		t.Run(name, func(t *testing.T) {
			written := read(t, repository+"/testdata/config/"+name+".yaml")
			var want, got any
			all := render(t, "--values="+values(t, written))
			rendered := get[corev1.ConfigMap](t, all, "ConfigMap", "registry-failover-config").Data["config.yaml"]
			if err := yaml.Unmarshal([]byte(written), &want); err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict([]byte(rendered), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if _, err := config.Parse([]byte(rendered)); err != nil {
				t.Error(err)
			}
		})
	}
}
