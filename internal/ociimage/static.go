package ociimage

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
)

// machines are the architectures there are images for, by Go's names for them,
// which are the image specification's too.
var machines = map[string]elf.Machine{
	"amd64": elf.EM_X86_64,
	"arm64": elf.EM_AARCH64,
}

// refuse says why a program can't run alone in an image for Linux on one of the
// architectures; nil when it can. The sentence goes on after "is".
func refuse(program []byte, architecture string) error {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("no ELF program (%w): build it with GOOS=linux GOARCH=%s", err, architecture)
	}
	linux := file.OSABI == elf.ELFOSABI_NONE || file.OSABI == elf.ELFOSABI_LINUX
	if !linux || file.Class != elf.ELFCLASS64 || file.Machine != machines[architecture] {
		return fmt.Errorf("a program for %v, %v, %v: build it with GOOS=linux GOARCH=%s", file.OSABI, file.Class, file.Machine, architecture)
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN { // ET_DYN is a position-independent program
		return fmt.Errorf("an ELF file of type %v, not a program: name what `go build` made of a main package", file.Type)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return errors.New("a dynamic program, which needs a loader and libraries that the image doesn't have: build it with CGO_ENABLED=0")
		}
	}
	return nil
}
