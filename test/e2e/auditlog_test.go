package e2e

import (
	"encoding/json"
	"os"
	"strings"
)

// auditAnnotations are the values that an annotation has in the API server's audit log.
func auditAnnotations(key string) (map[string]bool, error) {
	log, err := os.ReadFile(node.AuditLog())
	if err != nil {
		return nil, err
	}
	values := map[string]bool{}
	for line := range strings.Lines(string(log)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is still being written
		}
		var event struct {
			Annotations map[string]string `json:"annotations"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			return nil, err
		}
		if value, found := event.Annotations[key]; found {
			values[value] = true
		}
	}
	return values, nil
}
