package config

import (
	encodingjson "encoding/json"
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
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, fmt.Errorf("the configuration is not readable YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	c := Default()
	unknown, err := json.UnmarshalStrict(asJSON, c)
	if err != nil {
		return nil, typeSentence(err)
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

func typeSentence(err error) error {
	if mismatch, ok := errors.AsType[*encodingjson.UnmarshalTypeError](err); ok {
		where := mismatch.Field
		if where == "" {
			where = "the configuration"
		}
		return fmt.Errorf("%s: is a %s and must be %s", where, mismatch.Value, kindName(mismatch.Type))
	}
	return fmt.Errorf("the configuration is not readable: %w", err)
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string: put it in quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "a mapping"
	case reflect.Int:
		return "a whole number"
	}
	return "a number"
}

func unknownKeys(errs []error) field.ErrorList {
	var problems field.ErrorList
	for _, err := range errs {
		path := err.Error()
		if withPath, ok := errors.AsType[json.FieldError](err); ok {
			path = withPath.FieldPath()
		}
		problems = append(problems, field.Forbidden(field.NewPath(path), "unknown key: "+keysBeside(path)))
	}
	return problems
}

var index = regexp.MustCompile(`\[\d+\]`)

// keysBeside says which keys exist where the unknown one stands.
func keysBeside(path string) string {
	t := reflect.TypeFor[Config]()
	parents := strings.Split(index.ReplaceAllString(path, ""), ".")
	for _, parent := range parents[:len(parents)-1] {
		for f := range t.Fields() {
			if f.Tag.Get("json") == parent {
				t = f.Type
				break
			}
		}
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
	}
	var keys []string
	for field := range t.Fields() {
		keys = append(keys, field.Tag.Get("json"))
	}
	return "the keys here are " + strings.Join(keys, ", ")
}
