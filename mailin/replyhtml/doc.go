// Package replyhtml makes from the HTML part of a mail the formatting of its visible
// reply: what may be relayed to somebody else beside the text.
//
// It promises: the words of the result are the words of the reply's text, letter by
// letter, without the command block, and nothing else. So no quote, no note that a
// mail program quoted, no signature that reading cut and no hidden text can leave
// with it, whatever the page looked like: where the words do not agree there is no
// result, and the mail goes out as text. Nothing of the result loads anything from
// anywhere, runs, or names a class; pictures are those of the mail itself.
//
// The quote is cut in the tree, by the elements that mail programs mark quotes with;
// what is left then has to begin with the reply's words, and what follows them is cut
// at the end of a line. The words are compared without white space, punctuation and
// case, because programs write one list, link or bold word differently in the two
// parts: "*now*" and <b>now</b>, "label <https://…>" and <a href>.
//
// The work is linear: a page above MaxPage, or nested deeper than the parser takes,
// has no result.
package replyhtml
