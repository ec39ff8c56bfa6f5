package maillab

const postfixDaemons = "/usr/lib/postfix/sbin"
