package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// MaxBytes is how long a configuration may be; a ConfigMap holds 1 MiB.
const MaxBytes = 1 << 20

// Parse decodes, defaults and validates a configuration. The error joins one
// sentence for each mistake, each with the path of its field, one a line.
func Parse(data []byte) (*Config, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("the configuration is %d bytes long: at most %d are read", len(data), MaxBytes)
	}
	if n := documents(string(data)); n > 1 {
		return nil, fmt.Errorf("the configuration is %d YAML documents: write one, without a line --- or ... in between", n)
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, fmt.Errorf("the configuration is not readable YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	c := Default()
	unknown, err := json.UnmarshalStrict(asJSON, c)
	if err != nil {
		return nil, typeSentence(asJSON, err)
	}
	c.defaultEndpoints()
	problems := unknownKeys(unknown)
	problems = append(problems, c.Validate()...)
	if len(problems) > 0 {
		return nil, join(problems)
	}
	return c, nil
}

func join(problems field.ErrorList) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

func unknownKeys(errs []error) field.ErrorList {
	var problems field.ErrorList
	for _, err := range errs {
		path := err.Error()
		if withPath, ok := errors.AsType[json.FieldError](err); ok {
			path = withPath.FieldPath()
		}
		problems = append(problems, field.Forbidden(field.NewPath(path), "unknown key: "+remedy(path)))
	}
	return problems
}

var index = regexp.MustCompile(`\[\d+\]`)

// remedy says which keys exist where the unknown one stands. A key may itself
// contain dots, so that its path leads nowhere: then nothing is offered.
func remedy(path string) string {
	t := reflect.TypeFor[Config]()
	parents := strings.Split(index.ReplaceAllString(path, ""), ".")
	for _, parent := range parents[:len(parents)-1] {
		f, found := fieldOf(t, parent)
		if !found {
			return "remove it"
		}
		t = f.Type
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[Duration]() {
		return "remove it"
	}
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, f.Tag.Get("json"))
	}
	return "the keys here are " + strings.Join(keys, ", ")
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	if t.Kind() == reflect.Struct {
		for f := range t.Fields() {
			if f.Tag.Get("json") == key {
				return f, true
			}
		}
	}
	return reflect.StructField{}, false
}
