package maillab

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"time"
)

// greeting connects and waits for the first byte the server says.
func greeting(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("waiting for the greeting of %s: %w", addr, err)
	}
	return nil
}

// callerIDs names who, or the caller when who is nil.
func callerIDs(who *account) (uid, gid int, name, group string) {
	if who != nil {
		return who.uid, who.gid, who.name, who.group
	}
	uid, gid = os.Geteuid(), os.Getegid()
	name, group = fmt.Sprint(uid), fmt.Sprint(gid)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return uid, gid, name, group
}
