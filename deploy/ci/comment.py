#!/usr/bin/env python3
"""
Keep one comment on a pull request (GitHub) or merge request (GitLab) up to date: the Markdown on stdin.

What it needs is in the environment, as the two set it: on GitHub ``GITHUB_API_URL``, ``GITHUB_REPOSITORY``,
``GITHUB_TOKEN`` and ``NUMBER``; on GitLab ``CI_API_V4_URL``, ``CI_PROJECT_ID``, ``CI_MERGE_REQUEST_IID`` and
``BULKHEAD_TOKEN``.  Only a comment of its own is changed: its first line is a mark, and its author is the token's.
The argument, if any, is part of the mark: several clusters have several comments.
"""

import http.client
import json
import os
import re
import sys
import urllib.parse
import urllib.request

LIMIT = 65_400  # GitHub takes 65,536 characters, the mark among them; GitLab a million


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for one host: it follows no answer to another one."""

    def redirect_request(self, *_given):
        """Return nothing to ask for: the answer counts as an error."""


OPENER = urllib.request.build_opener(NoRedirect)


class Forge:
    """Where the comment is: *notes* is the address of all comments, *author* tells one's own from others'."""

    def __init__(self, notes, headers, method, one, author):
        self.notes, self.headers, self.method, self.one, self.author = notes, headers, method, one, author

    def call(self, url, method="GET", body=None):
        """Return the answer as data, with the address of the next page, if there is one."""
        data = None if body is None else json.dumps({"body": body}).encode()
        headers = {**self.headers, "Content-Type": "application/json", "User-Agent": "bulkhead"}
        request = urllib.request.Request(url, data, headers, method=method)
        with OPENER.open(request, timeout=30) as answer:
            following = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
            if following and urllib.parse.urlsplit(following[1])[:2] != urllib.parse.urlsplit(self.notes)[:2]:
                raise ValueError("the forge's next page is on another host")
            return json.load(answer), following and following[1]

    def mine(self, mark):
        """Return the comment of this mark that is the token's own, ``None`` where there is none yet."""
        url = f"{self.notes}?per_page=100"
        while url:
            found, url = self.call(url)
            for note in found:
                if str(note.get("body", "")).startswith(mark) and self.author(note):
                    return note
        return None

    def put(self, mark, text):
        """Write *text* under *mark*: into the comment that is there, or into a new one."""
        note = self.mine(mark)
        if note is None:
            self.call(self.notes, "POST", mark + text)
            return "made"
        if note["body"] == mark + text:
            return "left"
        self.call(self.one.format(note["id"]), self.method, mark + text)
        return "changed"


def secret(env, name):
    """Return the token in the variable *name*, which no message may show."""
    token = env[name].strip()
    if not re.fullmatch("[!-~]+", token):
        sys.exit(
            f"comment.py: error: {name} is no token: it is empty, or has a blank, a line break or an odd character"
        )
    return token


def github(env):
    """Return the comments of a pull request; GitHub's own token writes as github-actions[bot]."""
    repository = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}/issues"
    bot = env.get("BULKHEAD_BOT", "github-actions[bot]")
    headers = {"Authorization": f"Bearer {secret(env, 'GITHUB_TOKEN')}", "Accept": "application/vnd.github+json"}
    return Forge(
        f"{repository}/{int(env['NUMBER'])}/comments",
        headers,
        "PATCH",
        repository + "/comments/{}",
        lambda note: (note.get("user") or {}).get("login") == bot,
    )


def gitlab(env):
    """Return the notes of a merge request; who the token is, GitLab says."""
    api = env["CI_API_V4_URL"]
    request = f"{api}/projects/{int(env['CI_PROJECT_ID'])}/merge_requests/{int(env['CI_MERGE_REQUEST_IID'])}"
    forge = Forge(
        f"{request}/notes",
        {"PRIVATE-TOKEN": secret(env, "BULKHEAD_TOKEN")},
        "PUT",
        request + "/notes/{}",
        lambda _note: False,
    )
    me = forge.call(f"{api}/user")[0]["id"]
    forge.author = lambda note: (note.get("author") or {}).get("id") == me
    return forge


def main():
    """Put the comment there and return 0, or say what went wrong and return 1."""
    text = sys.stdin.buffer.read().decode(errors="replace")  # it may have been cut within a character
    if not text.strip():
        sys.exit("comment.py: error: there is nothing on stdin to say")
    about = sys.argv[1] if len(sys.argv) > 1 else ""
    mark = f"<!-- bulkhead diff {re.sub('[^A-Za-z0-9_.-]', '-', about)} -->\n"
    if len(mark + text) > LIMIT:
        text = text[: LIMIT - len(mark)] + "\n\n*cut here: too long for a comment*\n"
    try:
        forge = gitlab(os.environ) if "CI_MERGE_REQUEST_IID" in os.environ else github(os.environ)
        print(f"comment.py: the comment was {forge.put(mark, text)}")
    except KeyError as missing:
        sys.exit(f"comment.py: error: {missing.args[0]} is not set")
    except (OSError, ValueError, http.client.HTTPException) as error:
        sys.exit(f"comment.py: error: {plain(error)}")
    except (AttributeError, IndexError, TypeError):
        sys.exit("comment.py: error: the forge answered something else than comments")


def plain(error):
    """Return what *error* says, on one line of printable characters: its text may be from the network."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(each if each.isprintable() else "?" for each in text)


if __name__ == "__main__":
    main()
