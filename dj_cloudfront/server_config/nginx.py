"""A server of nginx. docs/web-server.md gives the reason of every line."""

from __future__ import annotations

import re

from dj_cloudfront.contract import ORIGIN_SECRET_HEADER, TREE_HEADER, Tree
from dj_cloudfront.server_config import responses
from dj_cloudfront.server_config.site import (
    ServedTree,
    Site,
    common,
    fill,
    lines,
    quoted,
)

_TEXT = r"""# <<command>>
upstream <<app>> { server <<upstream>>; }

map $uri $path_tree {                           # where the path leads, once resolved
<<paths>>
}
map $http_upgrade $websocket            { ~*^websocket$ websocket; default ""; }
map $http_upgrade $websocket_connection { ~*^websocket$ upgrade;   default ""; }
map "$path_tree+$<<tree_header>>" $tree {       # empty: a request for Django
<<trees>>
}
<<guard>>map "$tree $status" $tree_cache {
    volatile;
    "~^static (200|206|304)$"  "<<a_year>>";
    "~^\w+ (200|204|206|304)$" "<<a_day>>";
    ~^\w                       no-store;        # redirects and errors
}
map "$tree $status" $tree_origin {
    volatile;
    "~^\w+ 416$"               "";              # nginx runs add_header twice on a 416
    ~^\w                       *;
}
map "$tree $status" $tree_allow   { "~^\w+ 405$" "<<methods>>"; }
map "$tree $status" $tree_methods { "~^\w+ 204$" "<<methods>>"; }
map "$tree $status" $tree_headers { "~^\w+ 204$" *; }
map "$tree $status" $tree_max_age { "~^\w+ 204$" <<preflight>>; }
map $tree $tree_exposed { "" ""; default "<<exposed>>"; }
map $tree $tree_sniff   { "" ""; default nosniff; }
map $tree $tree_csp     { "~^(media|private)$" "<<policy>>"; }

server {
<<listen>>
    client_max_body_size <<upload>>m;                    # as much as an upload may have
    absolute_redirect off;                      # a redirect must not name this server

    # First of all: a path that says one thing and may mean another leads nowhere.
    if ($request_uri ~* "^<<path_traversal>>") { return 404; }
    if ($tree = refused) { return 404; }
<<past>>
    # Here, once: an add_header inside a location would switch all of these off in it.
    # An empty value sends nothing, so Django's answers stay as they are.
    add_header Cache-Control                 $tree_cache   always;
    add_header Allow                         $tree_allow   always;
    add_header Access-Control-Allow-Origin   $tree_origin  always;
    add_header Access-Control-Expose-Headers $tree_exposed always;
    add_header Access-Control-Allow-Methods  $tree_methods always;
    add_header Access-Control-Allow-Headers  $tree_headers always;
    add_header Access-Control-Max-Age        $tree_max_age always;
    add_header X-Content-Type-Options        $tree_sniff   always;
    add_header Content-Security-Policy       $tree_csp     always;

    default_type application/octet-stream;      # what is not here is a download
    types {
<<types>>
    }

<<locations>>
    # Lines of your own, which stay when this file is made again.
    include <<own_lines>>;

    location / {
        proxy_pass http://<<app>>;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $websocket;    # and no other protocol
        proxy_set_header Connection $websocket_connection;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;<<scheme>>
    }
}
"""
_LOCATION = r"""    location ^~ /<<name>>/ {<<why>>
        alias <<alias>>;
<<links>><<companions>>        if ($request_method = OPTIONS) { return 204; }
        if ($request_method !~ ^(GET|HEAD)$) { return 405; }
        try_files $uri =404;<<files>>
    }"""


def render(site: Site, *, brotli: bool = False) -> str:
    """The text of a file for ``/etc/nginx/conf.d``.

    :param brotli: Use ``.br`` files too. Debian's nginx needs a package for that, and then
        follows links inside of a build.
    """
    text = fill(
        _TEXT,
        **common(site),
        app=site.prefix or "app",
        upstream=site.upstream,
        paths=_paths(site),
        tree_header=_variable(TREE_HEADER),
        trees=_trees(site),
        guard=_guard(site),
        past="    if ($past_the_cdn) { return 403; }\n" if site.secrets else "",
        listen=_listen(site),
        upload=str(site.upload_mib),
        types=_types(),
        locations=lines(_location(tree, brotli=brotli) for tree in site.trees),
        scheme=""
        if site.plain
        else "\n        proxy_set_header X-Forwarded-Proto $scheme;",
    )
    return _named(text, site.prefix)


def _paths(site: Site) -> str:
    names = "|".join(site.tree_names)
    hidden = f"~^/({names})/(.*/)?\\."
    rows = [(hidden, "hidden", "a build that is not ready, an index")]
    rows += [(f"~^/{name}/", name, "") for name in site.tree_names]
    return _rows(rows)


def _trees(site: Site) -> str:
    rows = [("+", '""', "")]
    for tree in site.trees:
        if not tree.needs_header:
            rows.append((f"{tree.name}+", tree.name, ""))
        rows.append((f"{tree.name}+{tree.name}", tree.name, ""))
    rows.append(("default", "refused", "a distribution outside its tree"))
    return _rows(rows)


def _guard(site: Site) -> str:
    if not site.secrets:
        return ""
    secrets = [(f'"~^{value}$"', "yes", "") for value in site.secrets]
    guarded = [(f"{tree.name}+", "yes", "") for tree in site.guarded]
    return fill(
        """map $<<header>> $knows_secret {       # ~ and not a plain string, which ignores case
<<secrets>>
}
map "$path_tree+$knows_secret" $past_the_cdn {
<<guarded>>
}
""",
        header=_variable(ORIGIN_SECRET_HEADER),
        secrets=_rows(secrets),
        guarded=_rows(guarded),
    )


def _listen(site: Site) -> str:
    certificate = site.certificate
    return lines(
        (f"listen {one}{'' if site.plain else ' ssl'};" for one in _addresses(site)),
        f"server_name {' '.join(site.names)};" if site.names else "",
        f"ssl_certificate     {quoted(certificate.file)};" if certificate else "",
        f"ssl_certificate_key {quoted(certificate.key)};" if certificate else "",
        f"access_log {quoted(site.access_log)};" if site.access_log else "",
        indent=4,
    )


def _addresses(site: Site) -> list[str]:
    # A port alone is IPv4 only.
    return [
        address
        for one in site.listen
        for address in ((str(one),) if one.host else (str(one), f"[::]:{one.port}"))
    ]


def _location(tree: ServedTree, *, brotli: bool) -> str:
    first = tree.name == Tree.STATIC
    return fill(
        _LOCATION,
        name=tree.name,
        alias=quoted(f"{tree.root}/"),
        links=_links(tree, brotli=brotli),
        companions=_companions(brotli) if tree.has_companions else "",
        why=" " * 22 + "# ^~: no regular expression, no script" if first else "",
        files=" " * 20 + "# a folder has no page and no redirect" if first else "",
    )


def _links(tree: ServedTree, *, brotli: bool) -> str:
    # The module is wrong about the length of a path (1.0.0~rc-3), which matters only when
    # nginx walks it: then it finds a .br file or not, as the memory behind it happens to be.
    if brotli and tree.has_companions:
        return ""
    return f"        disable_symlinks on {quoted(f'from={tree.root}')};\n"


def _companions(brotli: bool) -> str:
    return (
        lines(
            "gzip_static on;",
            "brotli_static on;" if brotli else "",
            "gzip_vary on;",
            f"{'gzip_proxied any;':<40}# CloudFront sends Via",
            "",
            indent=8,
        )
        + "\n"
    )


def _types() -> str:
    found = [""]
    for kind, extensions in responses.TYPES.items():
        sent = responses.content_type(kind)
        entry = f'"{sent}" {extensions};' if " " in sent else f"{sent} {extensions};"
        if len(found[-1]) + len(entry) > 78:
            found.append("")
        found[-1] = f"{found[-1]} {entry}".strip()
    return lines(found, indent=8)


def _rows(rows: list[tuple[str, str, str]]) -> str:
    width = max(len(key) for key, _, _ in rows)
    return lines(
        (
            f"{f'{key:<{width}}  {value};':<44}# {why}"
            if why
            else f"{key:<{width}}  {value};"
            for key, value, why in rows
        ),
        indent=4,
    )


def _variable(header: str) -> str:
    return f"http_{header.lower().replace('-', '_')}"


def _named(text: str, prefix: str) -> str:
    # Variables are nginx's own, not the file's: of two maps alike the last one would win.
    if not prefix:
        return text
    return re.sub(
        r"\$(?=(tree|path_tree|knows_secret|past_the_cdn|websocket))",
        f"${prefix}_",
        text,
    )
