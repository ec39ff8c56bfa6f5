package main

// The long help of the verbs, as `postern VERB --help` prints it below the short
// one.

// Help tells what serve needs and how it is told to stop or to read again.
func (serveCmd) Help() string {
	return `Runs until SIGTERM or SIGINT; then nothing new is taken, messages under way end, and
mail that was claimed is sent or handed back, within 30 seconds. SIGHUP reads the
whole configuration again, all or nothing. Rule files are read again when they change;
broken ones never replace good ones. Everything that happens is one line on standard error.`
}

// Help tells what the demo does.
func (demoCmd) Help() string {
	return `Starts the helpdesk, a mail server and five mailboxes in this one process, on loopback
and in a temporary folder; nothing of it is left afterwards. The mails that the story turns
on are printed as their recipients see them. Then it stays up and says how to connect a mail client.

  postern demo --exit --html pages     look at the mails in a browser: pages/01-ann.html and so on`
}

// Help tells what there is to check.
func (checkCmd) Help() string { return checkAllCmd{}.Help() }

// Help tells how the probe goes, and what to do with the answer.
func (checkAuthCmd) Help() string {
	return `Sends one mail for each mailbox and listener through your relay, waits until it arrives
there, and shows the Authentication-Results and other fields that the servers on its way
added, at which position, and which lines under trust: would make them evidence.

Nothing is changed. The probe stays in the mailbox; a gateway that runs, or starts later,
knows it as our own mail and makes no ticket of it. While a gateway listens, the probe is looked
for in the database; while none does, this verb takes its place and puts other mail off.

  postern check auth                 all of them
  postern check auth help --timeout 5m
  postern check auth help --from bob@example.org    if your relay lets us`
}

// Help tells what check looks at.
func (checkAllCmd) Help() string {
	return `Looks at configuration, rules, templates, keys and free space, and connects to the
database, every mailbox and every relay. Nothing is changed anywhere. Each thing has one
line, ok or FAIL; exit code 1 when one failed. Safe beside a running gateway.

  postern check                  before every reload
  postern check --offline        in a repository, without any server`
}

// Help tells what the keys are for.
func (keysCmd) Help() string {
	return `Signed reply addresses, return paths, Message-IDs and the mark of our own mail are signed
with the keys of keys.json in the secrets folder. One key signs; all in the file are understood.
A running gateway reads the file again on SIGHUP.

  postern keys list
  postern keys rotate             a new key signs; addresses of the older ones stay good
  postern keys revoke 1           addresses signed with key 1 are worthless from now on
  postern keys revoke --ticket 42 the reply addresses of one ticket are`
}

// Help tells what rotating means for mail that is out there.
func (keysRotateCmd) Help() string {
	return `The new file is on disk, whole, before the old one is gone. Mail that was sent before bears
addresses of the older keys; they are understood until the key is revoked. Reload every running
gateway afterwards: until then it refuses addresses that the command line signed.

Several gateways have one key file each. Make the new key known to all before it signs:

  postern keys rotate --prepare   on one; copy keys.json to the others; reload all
  postern keys rotate --to 2      on one; copy keys.json to the others; reload all`
}

// Help tells what becomes worthless.
func (keysRevokeCmd) Help() string {
	return `Without its key a reply address, a return path or a Message-ID of ours is not understood
any more: at RCPT it is refused, in a mail it finds no ticket. Do this when a key was seen by
somebody; after a mere rotation leave old keys until their mail is forgotten.

With --ticket the key stays, and only that ticket's addresses lose their worth: what comes
to them is shown to agents as unverified. The ledger names who did it.`
}

// Help tells what verify adds up.
func (verifyCmd) Help() string {
	return `The events of a ticket are the ledger, its row is the balance. verify folds the events
of every ticket and compares, and checks that every arrival has exactly one outcome, and that
no mail did what its evidence did not entitle it to (no agent's act below L2, no reopening by a
stranger or a machine). It reads only and may run beside a gateway. Exit code 1 when something
does not add up: where a row differs the events are right; an act that nobody was entitled to
is a fault of the program: keep the mail (postern inbox show --raw) and report it.`
}

// Help tells what migrate is for.
func (migrateCmd) Help() string {
	return `The first start of a new version does the same. On SQLite the gateway must be stopped.
A database that is newer than this version is refused and left alone.`
}

// Help shows how inspect is used.
func (inspectCmd) Help() string {
	return `Reads a message as the helpdesk would: kind, visible reply, attachments, defects. It needs
no configuration and no database, and never changes or sends anything. It never fails on
content: any octets are read as a message, and what is wrong with them stands under Defects.

  postern inspect mail.eml               a page for people
  postern inspect --json - < mail.eml    one JSON object (docs/inspect.schema.json)
  postern inspect --explain mail.eml     and why it was read so
  postern inspect ~/Maildir              a table; also of an mbox
  postern inspect --json archive.mbox    JSON Lines: {"file": …, "message": …}`
}

// Help tells what explain prints.
func (explainCmd) Help() string {
	return `Prints the questions that were asked on the message's way, with their answers: how it
came, who says it, which ticket and why; the rules that were asked;
what was changed; which mails were written and which were withheld, and why.

  postern explain 4711
  postern explain --all 4711     with the rules that said no
  postern explain '<abc@mail.example.net>'`
}

// Help shows how commands are given.
func (ticketSetCmd) Help() string {
	return `The commands are those of an agent's mail, and are checked the same: all are done or
none. The ledger names you as the admin who gave them.

  postern ticket set 42 '#assign bob' '#priority high'
  postern ticket set 42 resolve`
}

// Help tells what waits in the inbox.
func (inboxCmd) Help() string {
	return `Every message that came in is here with its octets, whatever became of it. A message
that cannot be read five times is quarantined; after an upgrade or a repair, "retry" has
it read again. "show --raw" writes its octets.

  postern inbox list --state quarantined
  postern inbox show --raw 4711 | postern inspect -`
}

// Help tells how outgoing mail can be kept back.
func (outboxCmd) Help() string {
	return `Mail waits here until a relay took it. Failed mail stays with the relay's last words.

  postern outbox list --waiting
  postern outbox list --state failed
  postern outbox retry 815`
}

// Help tells where the hash goes.
func (passwordCmd) Help() string {
	return `Asks for a password, twice, or reads one line of standard input, and prints the line for
password_hash of an agent in postern.yaml. Each run gives another hash of the same password.`
}

// Help tells which rules are checked.
func (rulesCmd) Help() string {
	return `All mistakes are told at once, with file, line and column. Nothing is changed.

  postern rules check            those of the configuration, with its queues and agents
  postern rules check FOLDER     others
  postern rules default          the built-in ones, as a first file to change`
}
