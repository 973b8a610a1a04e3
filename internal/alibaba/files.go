package alibaba

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The keys of the Secret, and so the names of its files.
const (
	FileAccessKeyID     = "access-key-id"
	FileAccessKeySecret = "access-key-secret"
	FileSecurityToken   = "security-token"
)

// Files reads a session from a mounted Secret.
type Files struct {
	// Dir is where the Secret is mounted.
	Dir string
	// STS requires the file security-token; without it, that file may not be there.
	STS bool
}

// maxSecretFile is far above the longest security token.
const maxSecretFile = 64 << 10

// Fetch reads the files of one version of the Secret. Its errors name the file.
func (f Files) Fetch(context.Context) (Session, error) {
	// kubelet swaps all files at once by the link ..data: what is read through
	// it one by one could be the id of one key and the secret of another.
	dir := f.Dir
	if version, err := filepath.EvalSymlinks(filepath.Join(f.Dir, "..data")); err == nil {
		dir = version
	}
	var texts [3]string
	for i, name := range []string{FileAccessKeyID, FileAccessKeySecret, FileSecurityToken} {
		content, err := readSmall(filepath.Join(dir, name))
		path := filepath.Join(f.Dir, name)
		switch {
		case name == FileSecurityToken && !f.STS:
			if err == nil {
				return Session{}, fmt.Errorf("%s is there, though the provider is AccessKey: remove that key from the Secret, or set credentials.provider to STS", path)
			}
			continue
		case errors.Is(err, os.ErrNotExist):
			return Session{}, fmt.Errorf("%s isn't there: the Secret needs the key %s", path, name)
		case err != nil:
			return Session{}, fmt.Errorf("could not read %s: %w", path, err)
		}
		if texts[i] = strings.TrimSpace(content); texts[i] == "" {
			return Session{}, fmt.Errorf("%s is empty", path)
		}
	}
	return Session{accessKeyID: texts[0], key: newSecret(texts[1]), token: newSecret(texts[2])}, nil
}

func readSmall(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxSecretFile {
		return "", fmt.Errorf("it is %d bytes long: at most %d are read", info.Size(), maxSecretFile)
	}
	content, err := os.ReadFile(path)
	return string(content), err
}
