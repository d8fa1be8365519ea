// Package hub fetches models: repositories of the Hugging Face hub, and single files from other addresses.
//
// What it fetches lies where Python's huggingface_hub looks for it and puts it, so that neither fetches what the other has:
//
//	models--org--name/blobs/DIGEST           the contents: sha256 of large files, git's sha1 of small ones
//	models--org--name/blobs/DIGEST.incomplete  the beginning of one, which the next attempt goes on with
//	models--org--name/snapshots/COMMIT/FILE  links to the contents
//	models--org--name/refs/main              the commit, written when all of it is there
//	.locks/models--org--name/DIGEST.lock     who is fetching
//
// Parts of files lie in a cache of goclip's own (~/.cache/goclip), and single files, as OpenAI released them, in ~/.cache/clip,
// where Python's clip and open_clip have them.
//
// HF_HUB_CACHE, HF_HOME and XDG_CACHE_HOME say where that is; HF_ENDPOINT, HF_TOKEN (or the token file that `hf auth login`
// writes), HF_HUB_OFFLINE and the proxy variables are honoured too. A token goes to the hub and nowhere else: the servers
// that it redirects to for large files do not get it.
//
// Whole files are checked: the contents must have the digest that the hub lists, so that neither a server in between nor a
// continued download can slip something in. Parts are the exception: they have no published digest. Names and digests in a
// listing are checked before they become paths.
//
// # Why not a library?
//
// github.com/gomlx/go-huggingface (v0.3.1), the one for Go, begins a file anew after every interruption, verifies no digest,
// knows no HF_HUB_OFFLINE and does not retry. These four are what a download of gigabytes stands or falls with, and the
// rest is small: one listing, one kind of address.
package hub
