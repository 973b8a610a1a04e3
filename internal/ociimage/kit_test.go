package ociimage

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program gives the smallest file that has a static program's headers, with
// changes; it can't be run.
func program(machine elf.Machine, changes ...func(*elf.Header64, *elf.Prog64)) []byte {
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	segment := elf.Prog64{Type: uint32(elf.PT_LOAD)}
	for _, change := range changes {
		change(&header, &segment)
	}
	var file bytes.Buffer
	for _, part := range []any{header, segment} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			panic(err) // a fixed-size value into memory
		}
	}
	file.WriteString("code")
	return file.Bytes()
}

// write puts content into a file of a new directory.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// build makes an image of a static program.
func build(t *testing.T, name string, machine elf.Machine, o Options) v1.Image {
	t.Helper()
	image, err := BuildFromBinary(write(t, name, program(machine)), o)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func digestOf(t *testing.T, image interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
