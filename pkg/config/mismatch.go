package config

import (
	encodingjson "encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"
)

// typeSentence says where a value has the wrong type. The decoder's own error
// err names no list indexes, so the values are held against the types again.
func typeSentence(asJSON []byte, err error) error {
	var value any
	if json.UnmarshalCaseSensitivePreserveInts(asJSON, &value) == nil {
		if found := mismatch(nil, reflect.TypeFor[Config](), value); found != nil {
			return found
		}
	}
	return fmt.Errorf("the configuration is not readable: %w", err)
}

// mismatch is the first value, in the order of the fields, that is not of the type's kind.
func mismatch(path *field.Path, t reflect.Type, value any) error {
	if value == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[encodingjson.Unmarshaler]()) || t.Kind() == reflect.Pointer {
		return nil // what reads itself, as every pointer here does, takes any value
	}
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			for f := range t.Fields() {
				key := f.Tag.Get("json")
				if err := mismatch(path.Child(key), f.Type, v[key]); err != nil {
					return err
				}
			}
			return nil
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, element := range v {
				if err := mismatch(path.Index(i), t.Elem(), element); err != nil {
					return err
				}
			}
			return nil
		}
	default:
		if fits(t.Kind(), value) {
			return nil
		}
	}
	where := path.String()
	if path == nil {
		where = "the configuration"
	}
	return fmt.Errorf("%s: is %s and must be %s", where, describe(value), kindName(t.Kind()))
}

func fits(kind reflect.Kind, value any) bool {
	switch value.(type) {
	case string:
		return kind == reflect.String
	case bool:
		return kind == reflect.Bool
	case int64:
		return kind == reflect.Int || kind == reflect.Float64
	}
	return kind == reflect.Float64
}

func describe(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case float64:
		if v >= 1<<63 || v < -1<<63 {
			return fmt.Sprintf("the number %g, which is too large,", v)
		}
	}
	return fmt.Sprintf("the number %v", value)
}

func kindName(kind reflect.Kind) string {
	switch kind {
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
