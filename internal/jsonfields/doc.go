// Package jsonfields reads some fields of a JSON object, and skips all others
// without building them: of a pod of 10 KB the webhook needs 1 KB.
//
// Names compare with case, as the API server's decoder does. Of a name that is
// there twice the last value counts, and null counts as no value, as with
// encoding/json.
package jsonfields
