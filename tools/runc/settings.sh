# Its first part is C, and pods that ask for RuntimeDefault need seccomp.
cgo=1 tags=seccomp packages='gcc libc6-dev libseccomp-dev pkg-config'
