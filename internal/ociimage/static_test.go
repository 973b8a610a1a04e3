package ociimage

import (
	"debug/elf"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestOnlyStaticProgramsForThePlatformAreTaken(t *testing.T) {
	for sentence, test := range map[string]struct {
		content      []byte
		architecture string
		want         string // in the error; "" when the program is taken
	}{
		"a static program for amd64": {program(elf.EM_X86_64), "amd64", ""},
		"a static program for arm64": {program(elf.EM_AARCH64), "arm64", ""},
		"a position-independent one": {
			program(elf.EM_X86_64, func(h *elf.Header64, _ *elf.Prog64) { h.Type = uint16(elf.ET_DYN) }), "amd64", "",
		},
		"a dynamic program": {
			program(elf.EM_X86_64, func(_ *elf.Header64, s *elf.Prog64) { s.Type = uint32(elf.PT_INTERP) }), "amd64",
			"is a dynamic program, which needs a loader and libraries that the image doesn't have: build it with CGO_ENABLED=0",
		},
		"another architecture": {
			program(elf.EM_AARCH64), "amd64", "EM_AARCH64: build it with GOOS=linux GOARCH=amd64",
		},
		"another operating system": {
			program(elf.EM_X86_64, func(h *elf.Header64, _ *elf.Prog64) { h.Ident[elf.EI_OSABI] = byte(elf.ELFOSABI_FREEBSD) }), "amd64",
			"is a program for ELFOSABI_FREEBSD",
		},
		"an object file": {
			program(elf.EM_X86_64, func(h *elf.Header64, _ *elf.Prog64) { h.Type = uint16(elf.ET_REL) }), "amd64",
			"is an ELF file of type ET_REL, not a program",
		},
		"a script":   {[]byte("#!/bin/sh\n"), "amd64", "is no ELF program"},
		"no content": {nil, "amd64", "is no ELF program"},
		"an architecture without images": {
			program(elf.EM_S390), "s390x", `architecture "s390x": one of amd64, arm64`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			path := write(t, "web", test.content)
			_, err := BuildFromBinary(path, Options{Architecture: test.architecture})
			switch {
			case test.want == "" && err != nil:
				t.Errorf("it is refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "\n"):
				t.Errorf("not one sentence: %v", err)
			}
		})
	}
}

// TestADynamicProgramOfThisSystemIsRefused has no made-up headers.
func TestADynamicProgramOfThisSystemIsRefused(t *testing.T) {
	const shell = "/bin/sh"
	file, err := elf.Open(shell)
	if err != nil {
		t.Skipf("%s is no ELF program here: %v", shell, err)
	}
	defer file.Close()
	if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) == 0 {
		t.Skipf("%s is static here", shell)
	}
	_, err = BuildFromBinary(shell, Options{Architecture: runtime.GOARCH})
	if err == nil || !strings.Contains(err.Error(), "/bin/sh is a dynamic program") {
		t.Errorf("got %v", err)
	}
}

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	_, err := BuildFromBinary("/nowhere/web", Options{Architecture: "amd64"})
	if !os.IsNotExist(err) || !strings.Contains(err.Error(), "/nowhere/web") {
		t.Errorf("got %v", err)
	}
}
