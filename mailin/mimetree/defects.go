package mimetree

// The defects of a message: short stable names, recorded in the order of finding
// and without repeats. None of them stops the reading.
const (
	// DefectReadError: the raw octets could not be read to their end; what was read may be less than there is.
	DefectReadError = "read-error"
	// DefectEmpty: the message has no octets, or only line ends.
	DefectEmpty = "empty-message"
	// DefectNoHeader: the message starts with its body.
	DefectNoHeader = "no-header"
	// DefectLeadingBlank: blank lines stand above the header.
	DefectLeadingBlank = "leading-blank-lines"
	// DefectMboxFrom: an mbox "From " line stands above the header.
	DefectMboxFrom = "mbox-from-line"
	// DefectByteOrderMark: a byte order mark stands above the header.
	DefectByteOrderMark = "byte-order-mark"
	// DefectJunkLine: a line inside the header is not a field (RFC 7103, 7.2).
	DefectJunkLine = "junk-header-line"
	// DefectHeaderNotEnded: the body starts without a blank line (RFC 7103, 7.2).
	DefectHeaderNotEnded = "header-not-ended"
	// DefectLeadingFold: the header starts with a folded line.
	DefectLeadingFold = "leading-fold"
	// DefectSpaceBeforeColon: a field name is followed by blanks (RFC 7103, 7.3).
	DefectSpaceBeforeColon = "space-before-colon"
	// DefectBareCR: a CR without LF ends a header line.
	DefectBareCR = "bare-cr"
	// DefectNUL: a NUL octet was dropped from a text.
	DefectNUL = "nul-octet"
	// DefectHeaderTooLong: the header is longer than 1 MiB; the rest is kept as octets.
	DefectHeaderTooLong = "header-too-long"
	// DefectFieldTooLong: a field is longer than 256 KiB; the rest of it is kept as octets.
	DefectFieldTooLong = "field-too-long"
	// DefectTooManyFields: there are more than 5 000 fields; the rest is kept as octets.
	DefectTooManyFields = "too-many-fields"
	// DefectDuplicateField: a field that may stand once stands twice (RFC 5322, 3.6).
	DefectDuplicateField = "duplicate-field"
	// DefectManyFroms: there is not exactly one author: two From fields, or two addresses in one.
	DefectManyFroms = "many-froms"
	// DefectNoFrom: no From field, or no address in it.
	DefectNoFrom = "no-from"
	// DefectRaw8Bit: a header value has octets that are no UTF-8 (RFC 6532 allows nothing else beyond ASCII).
	DefectRaw8Bit = "raw-8bit-header"
	// DefectEncodedWord: an encoded-word of the Subject is broken and stands there as it came (RFC 2047).
	DefectEncodedWord = "bad-encoded-word"
	// DefectControlHeader: a control header of our own came from outside; it was dropped.
	DefectControlHeader = "control-header"
	// DefectSubjectCut: the subject is longer than 998 code points.
	DefectSubjectCut = "subject-cut"

	// DefectAddress: an address had to be recovered from a broken field, or was lost with it.
	DefectAddress = "bad-address"
	// DefectTooManyAddresses: more than 500 addresses; the rest is kept as octets.
	DefectTooManyAddresses = "too-many-addresses"
	// DefectMessageID: the Message-ID is not of the form <left@right>.
	DefectMessageID = "bad-message-id"
	// DefectNoMessageID: there is no Message-ID.
	DefectNoMessageID = "no-message-id"
	// DefectReference: an id in References or In-Reply-To is not of the form <left@right>.
	DefectReference = "bad-reference"
	// DefectTooManyReferences: more than 100 references; the first and the last 50 were kept.
	DefectTooManyReferences = "too-many-references"
	// DefectNoDate: no Date field.
	DefectNoDate = "no-date"
	// DefectDate: the Date cannot be read, or is not a day of the calendar.
	DefectDate = "bad-date"
	// DefectDateForm: the Date is not written as RFC 5322 says, but could be read.
	DefectDateForm = "odd-date"
	// DefectImplausibleDate: the Date lies before 1980 or after 2090.
	DefectImplausibleDate = "implausible-date"

	// DefectContentType: a Content-Type has no type/subtype, or stands twice; the first was used.
	DefectContentType = "bad-content-type"
	// DefectParameter: a parameter is broken, doubled, has gaps or contradicts itself (RFC 2231).
	DefectParameter = "bad-parameter"
	// DefectTooManyParameters: more than 128 parameters in one field.
	DefectTooManyParameters = "too-many-parameters"
	// DefectNoBoundary: a multipart has no boundary parameter.
	DefectNoBoundary = "no-boundary"
	// DefectWrongBoundary: the boundary of a multipart never occurs; another one was found.
	DefectWrongBoundary = "wrong-boundary"
	// DefectNoParts: a multipart has no part.
	DefectNoParts = "multipart-without-parts"
	// DefectNotClosed: a multipart ends without its closing boundary.
	DefectNotClosed = "boundary-not-closed"
	// DefectTooDeep: parts lie deeper than 50 levels; the part at the limit is kept whole.
	DefectTooDeep = "too-deep"
	// DefectTooManyParts: more than 1 000 parts; the rest is kept as octets.
	DefectTooManyParts = "too-many-parts"
	// DefectTransferEncoding: a Content-Transfer-Encoding is unknown, doubled or stands on a multipart.
	DefectTransferEncoding = "bad-transfer-encoding"
	// DefectBase64: base64 with foreign characters, wrong padding or text behind it.
	DefectBase64 = "bad-base64"
	// DefectQuotedPrintable: quoted-printable with an escape that is none.
	DefectQuotedPrintable = "bad-quoted-printable"
	// DefectCharset: the octets are not of the charset that is declared, or the charset is unknown.
	DefectCharset = "bad-charset"
	// DefectCombining: more than 32 combining marks on one letter were cut.
	DefectCombining = "combining-marks-cut"
	// DefectTextCut: the text is longer than a message holds; the rest is in the raw octets.
	DefectTextCut = "text-cut"
	// DefectFilename: names of one attachment contradict each other; filename* > filename > name.
	DefectFilename = "ambiguous-filename"
	// DefectEncrypted: the text is encrypted and was not read.
	DefectEncrypted = "encrypted"
	// DefectOpaqueSigned: the text is inside an S/MIME signature and was not read.
	DefectOpaqueSigned = "opaque-signed"
	// DefectPartialMessage: a piece of a message (message/partial), never put together.
	DefectPartialMessage = "partial-message"
	// DefectPanic: a fault of the reader itself; the raw octets are all there is.
	DefectPanic = "reader-fault"
)

// Defects gathers names in the order of finding, without repeats.
type Defects []string

// Add records a defect; "" and a known one are ignored.
func (d *Defects) Add(name string) {
	if name == "" {
		return
	}
	for _, have := range *d {
		if have == name {
			return
		}
	}
	*d = append(*d, name)
}
