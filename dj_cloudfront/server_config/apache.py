"""A virtual host of Apache 2.4."""

from __future__ import annotations

from dj_cloudfront.contract import ORIGIN_SECRET_HEADER, TREE_HEADER
from dj_cloudfront.server_config import responses
from dj_cloudfront.server_config.site import Site, common, fill, lines, quoted

# All rewriting is in the virtual host: inside <Directory> it would need FollowSymLinks.
# NV keeps a header that is only looked at out of Vary. Names of variables are looked up in
# the environment of the process too, so they are no usual ones.
_TEXT = r"""# <<command>>
# a2enmod headers proxy_http rewrite<<ssl_module>>
<<bind>><VirtualHost <<addresses>>>
<<listen>>    AllowEncodedSlashes NoDecode
    MergeSlashes Off

    RewriteEngine On
    # Which tree and which file the path leads to, once resolved; or that a distribution asks.
<<trees>>
    RewriteCond "%{ENV:CDN_TREE}" "^$" [NV]
    RewriteCond "%{HTTP:<<tree_header>>}" "." [NV]
    RewriteRule "^" "-" [E=CDN_TREE:none]
    # First of all: a path that says one thing and may mean another leads nowhere.
    RewriteCond "%{THE_REQUEST}" "^\S+ (https?://[^/?]*)?<<path_traversal>>" [NC,NV]
    RewriteRule "^" "-" [E=CDN_TREE:none,R=404]
    # A distribution outside its tree.
    RewriteCond "%{ENV:CDN_TREE}" "." [NV]
    RewriteCond "%{ENV:CDN_TREE}+%{HTTP:<<tree_header>>}" "!^(<<allowed>>)$" [NV]
    RewriteRule "^" "-" [R=404]
<<past>>    # Nothing hidden and no folder; to be read, and nothing else.
    RewriteRule "^/(<<names>>)/(.*/)?\." "-" [R=404]
    RewriteCond "%{REQUEST_METHOD}" "=OPTIONS" [NV]
    RewriteRule "^/(<<names>>)/" "-" [R=204]
    RewriteCond "%{REQUEST_METHOD}" "!^(GET|HEAD)$" [NV]
    RewriteRule "^/(<<names>>)/" "-" [R=405]
    RewriteCond "%{ENV:CDN_FILE}" "!-f"
    RewriteRule "^/(<<names>>)/" "-" [R=404]
    # Compressed beforehand, or not at all: CloudFront compresses what is left.
    RewriteCond "%{ENV:CDN_FILE}.br" "-f" [OR]
    RewriteCond "%{ENV:CDN_FILE}.gz" "-f"
    RewriteRule "^/static/" "-" [E=CDN_ENCODED:1]
<<encodings>>
    # As much as an upload may have: LimitRequestBody does not act on what is proxied.
    RewriteCond expr "%{HTTP:Content-Length} -gt <<upload>>" [NV]
    RewriteRule "^" "-" [R=413]

    <LocationMatch "^/(<<names>>)/">
        # Last of all sections, so that no <FilesMatch> runs what somebody has uploaded.
        SetHandler default-handler
        FileETag MTime Size
        DirectorySlash Off
<<types>>
    </LocationMatch>
    # Only what was chosen above is an encoding; any other .gz is a file of its own.
    <If "reqenv('CDN_ENCODING') == 'gzip'">
        RemoveType .gz
        AddEncoding gzip .gz
    </If>
    <If "reqenv('CDN_ENCODING') == 'br'">
        RemoveType .br
        RemoveLanguage .br
        AddEncoding br .br
    </If>
    ErrorDocument 403 default
    ErrorDocument 404 default
    ErrorDocument 405 default

    Header always set Cache-Control "no-store" "expr=-n reqenv('CDN_TREE') && ! %{REQUEST_STATUS} in {'200', '204', '206', '304'}"
    Header always set Cache-Control "<<a_day>>" "expr=-n reqenv('CDN_TREE') && %{REQUEST_STATUS} in {'200', '204', '206', '304'}"
    Header always set Cache-Control "<<a_year>>" "expr=reqenv('CDN_TREE') == 'static' && %{REQUEST_STATUS} in {'200', '206', '304'}"
    Header always set Allow "<<methods>>" "expr=-n reqenv('CDN_TREE') && %{REQUEST_STATUS} == '405'"
    Header always set Access-Control-Allow-Origin "*" env=CDN_TREE
    Header always set Access-Control-Expose-Headers "<<exposed>>" env=CDN_TREE
    Header always set Access-Control-Allow-Methods "<<methods>>" "expr=-n reqenv('CDN_TREE') && %{REQUEST_STATUS} == '204'"
    Header always set Access-Control-Allow-Headers "*" "expr=-n reqenv('CDN_TREE') && %{REQUEST_STATUS} == '204'"
    Header always set Access-Control-Max-Age "<<preflight>>" "expr=-n reqenv('CDN_TREE') && %{REQUEST_STATUS} == '204'"
    Header always set X-Content-Type-Options "nosniff" env=CDN_TREE
    Header always set Content-Security-Policy "<<policy>>" "expr=reqenv('CDN_TREE') in {'media', 'private'}"
    Header always merge Vary "Accept-Encoding" env=CDN_ENCODED
    Header set Content-Type "<<unknown>>" "expr=-n reqenv('CDN_TREE') && -z %{CONTENT_TYPE}"

<<aliases>>
    # Lines of your own, which stay when this file is made again.
    IncludeOptional <<own_lines>>
    ProxyPass "/" "<<upstream>>" nocanon upgrade=websocket
    ProxyPreserveHost On<<scheme>>
</VirtualHost>
"""
# In the order in which they are preferred: the first that is there and wanted is sent.
_ENCODINGS = {"br": "br", "gzip": "gz"}
_TREE = (
    'RewriteRule "^/<<name>>/(.*)$" "-" '
    '"[E=CDN_TREE:<<name>>,E=CDN_FILE:<<root>>/$1,E=no-gzip:1,E=no-brotli:1]"'
)
_ENCODING = r"""RewriteCond "%{ENV:CDN_ENCODED}%{ENV:CDN_ENCODING}" "=1" [NV]
RewriteCond "%{HTTP:Accept-Encoding}" "(^|[\s,])<<coding>>\s*($|,|;\s*q=(1|0\.0*[1-9]))" [NC,NV]
RewriteCond "%{ENV:CDN_FILE}.<<ending>>" "-f"
RewriteRule "^/static/([^?]*)$" "/static/$1.<<ending>>" [E=CDN_ENCODING:<<coding>>,PT]
"""
_ALIAS = r"""    Alias "/<<name>>/" "<<root>>/"
    ProxyPass "/<<name>>/" "!"
    <Directory "<<root>>">
        Options None
        AllowOverride None
        Require all granted
    </Directory>"""


def render(site: Site) -> str:
    """The text of a file for ``/etc/apache2/sites-available``."""
    return fill(
        _TEXT,
        **common(site),
        ssl_module="" if site.plain else " ssl",
        bind=_bind(site),
        addresses=" ".join(f"{one.host or '*'}:{one.port}" for one in site.listen),
        listen=_listen(site),
        tree_header=TREE_HEADER,
        allowed=_allowed(site),
        past=_past(site),
        trees=lines(
            (fill(_TREE, name=tree.name, root=tree.root) for tree in site.trees),
            indent=4,
        ),
        encodings=lines(
            *(
                fill(_ENCODING, coding=coding, ending=ending).splitlines()
                for coding, ending in _ENCODINGS.items()
            ),
            indent=4,
        ),
        upload=str(site.upload_mib * 1024 * 1024),
        types=lines(
            (
                f'AddType "{responses.content_type(kind)}" .{names.replace(" ", " .")}'
                for kind, names in responses.TYPES.items()
            ),
            indent=8,
        ),
        aliases=lines(
            fill(_ALIAS, name=tree.name, root=tree.root) for tree in site.trees
        ),
        upstream=f"{site.upstream}|http://localhost/"
        if site.upstream.startswith("unix:")
        else f"http://{site.upstream}/",
        scheme="" if site.plain else "\n    RequestHeader set X-Forwarded-Proto https",
    )


def _bind(site: Site) -> str:
    # Debian's ports.conf listens to these two.
    return "".join(
        f"Listen {one}\n"
        for one in site.listen
        if one.host is not None or one.port not in (80, 443)
    )


def _listen(site: Site) -> str:
    certificate = site.certificate
    aliases = [
        name for name in site.names if name != site.names[0] or name.startswith("*")
    ]
    found = lines(
        f"ServerName {site.names[0].removeprefix('*.')}" if site.names else "",
        f"ServerAlias {' '.join(aliases)}" if aliases else "",
        "SSLEngine On" if certificate else "",
        f"SSLCertificateFile {quoted(certificate.file)}" if certificate else "",
        f"SSLCertificateKeyFile {quoted(certificate.key)}" if certificate else "",
        f"CustomLog {quoted(site.access_log)} combined" if site.access_log else "",
        indent=4,
    )
    return f"{found}\n" if found else ""


def _allowed(site: Site) -> str:
    # Each tree with its own header, and with none unless it needs one.
    return "|".join(
        f"{tree.name}\\+{tree.name if tree.needs_header else f'({tree.name})?'}"
        for tree in site.trees
    )


def _past(site: Site) -> str:
    if not site.secrets:
        return ""
    guarded = "|".join(tree.name for tree in site.guarded)
    return fill(
        """    # Who comes past the distributions.
    RewriteCond "%{HTTP:<<header>>}" "!^(<<secrets>>)$" [NV]
    RewriteRule "^/(<<guarded>>)/" "-" [R=403]
""",
        header=ORIGIN_SECRET_HEADER,
        secrets="|".join(site.secrets),
        guarded=guarded,
    )
