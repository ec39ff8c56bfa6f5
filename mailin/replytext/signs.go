package replytext

// A Sign is one of the signs by which the end of a reply is known.
type Sign struct {
	Name      string // what is looked for
	Reason    string // why it may be trusted
	Source    string // who writes it
	Languages string // in which it is known; "any" when no word is needed
}

const all20 = "the 20"

// Signs are the signs in the order in which they are asked. docs/reading.md shows them.
var Signs = []Sign{
	{"element that marks a quote (" + "gmail_quote, blockquote type=cite, moz-cite-prefix, divRplyFwdMsg, …)", "the program itself says where it put the other mail", "quoteSigns in marks.go", "any"},
	{"the page's quote found again in the text part", "both parts say the same; letters and digits survive wrapping and linking", "RFC 2046 section 5.1.4", "any"},
	{"a line that begins with ##-", "we wrote it ourselves", "Separator", "any"},
	{"element that holds a forward", "as above", "Thunderbird", "any"},
	{"words between dashes or above a header block, with a stem of \"forward\"", "programs set it; people do not draw dashes round two words", "Gmail, Thunderbird, Apple Mail, Yahoo, Zimbra, Notes, mutt", all20},
	{"words between dashes, with \"original message\", or with a date and a word for writing, or above a header block", "as above; the block makes unknown words known", "Outlook, Samsung, Zimbra, Zoho, QQ", all20 + "; any above a block"},
	{"header block: three different known labels, From among them, with an address or a moment (two below a drawn line)", "a form that somebody filled in has no From, Sent and Subject with such values", "Outlook, Notes, iNotes", all20},
	{"a header block with nothing of the writer's above, or first thing in a quote", "nobody sends an empty answer; answers do not quote header blocks", "Outlook, Apple Mail", all20},
	{"first prefix of the subject", "only where a header block stands under words: Outlook writes the same for answer and forward", "Outlook", "its own prefixes"},
	{"attribution: a line or up to four, ending with a colon, with two of date, time, address, word for writing", "the four together do not happen in prose; fewer are asked for above marked quotes", "Gmail, Apple Mail, Thunderbird, Yahoo, K-9, mutt", all20 + "; any with date, time and address"},
	{">>> name date >>>", "three marks and a date on one line", "GroupWise", "any"},
	{"lines that begin with >, or with initials and >", "the custom since USENET", "RFC 3676 section 4.5", "any"},
	{"a short line without mark between two marked ones, the upper long", "the rest of a hard-wrapped quote", "programs that wrap after quoting", "any"},
	{"words of the writer's between marked quotes", "answers stay with what they answer: the span holds both", "people", "any"},
	{"the line \"-- \"", "signature delimiter", "RFC 3676 section 4.3", "any"},
	{"element that holds a signature", "the program says so", "quoteSigns in marks.go", "any"},
	{"one short last line with a word for sending and a device or program", "the two together at the end of a mail are a footer", "iOS, Outlook mobile, K-9, Samsung, Yahoo", all20},
	{"a drawn line and at most six lines with an address or link, last of all", "list programs add them", "Mailman and its kin", "any"},
	{"nothing would remain", "then all is shown", "policy", "any"},
}
