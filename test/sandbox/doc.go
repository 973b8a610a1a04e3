// Package sandbox runs the rest of a program in Linux namespaces of its own:
// network (without a route out), mounts, processes, cgroups, IPC and host name.
// Whatever is started inside ends with it, however it ends, because its first
// process is the kernel's own reaper for the whole process namespace. The file
// system is the machine's own, but for /run and TMPDIR: with Mask and
// Bind, programs write elsewhere.
//
// Run starts this program three times more, one within the other:
//
//	the caller      waits, and holds one end of a pipe
//	supervisor      outside; ends the rest when the pipe breaks, then removes cgroups and files.
//	                What it could not remove, because it was killed, the next one does
//	init            process 1 inside: reaps orphans
//	inside          runs the function
package sandbox
