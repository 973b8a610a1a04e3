package switching

import (
	"encoding/json"
	"strings"
)

// Undo is the command that writes a value again, byte for byte: kubectl's own, which asks
// no rule and needs no plugin. The flags are further ones, such as --context.
func Undo(namespace, endpoint, value string, flags []string) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(map[string]any{"data": map[string]string{endpoint: value}}) // strings always can be
	patch := strings.TrimSuffix(text.String(), "\n")
	command := []string{"kubectl"}
	for _, f := range append(flags, "-n", namespace) {
		command = append(command, quoted(f))
	}
	// An apostrophe can't stand between apostrophes; JSON has another way to write it.
	return strings.Join(append(command, "patch configmap registry-failover --type merge -p"), " ") + " '" + strings.ReplaceAll(patch, "'", `\u0027`) + "'"
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
