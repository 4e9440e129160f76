"""Two distributions in front of one Django server, and a third for private media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.bucket import check_apart
from constructs_lib.distribution import (
    MediaDistribution,
    PrivateMediaDistribution,
    StaticDistribution,
)
from constructs_lib.domain_names import (
    check_domain_names,
    claims,
    define_certificate,
)
from constructs_lib.options import (
    DistributionOptions,
    check_options,
    named,
    options_of,
)
from constructs_lib.origin import DjangoOrigin
from constructs_lib.validation import check_distinct, check_types
from dj_cloudfront.contract import Tree

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


class DjangoCdn(Construct):
    """Two distributions in front of one Django server, for its static and media files."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        static: DistributionOptions | None = None,
        media: DistributionOptions | None = None,
        private: DistributionOptions | None = None,
        **options: Unpack[DistributionOptions],
    ) -> None:
        """Define the distributions.

        :param origin: The server that has the files.
        :param static: Options of the distribution for static files. They replace those for
            all. Default: those for all.
        :param media: Options of the distribution for media. Default: those for all.
        :param private: Add a third distribution, over the server's ``/private``, for signed
            URLs and cookies: its ``signing_keys``, and options that replace those for all.
            Needs ``origin.origin_secret``. Default: none.
        :param options: Options for all distributions, see :class:`DistributionOptions`. One
            certificate is made for all names in a hosted zone that is given here.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        check_options(options)
        own = {
            Tree.STATIC: {} if static is None else static,
            Tree.MEDIA: {} if media is None else media,
        }
        if private is not None:
            own[Tree.PRIVATE] = private
        merged = {tree: options_of(tree, options, given) for tree, given in own.items()}
        self._share_certificate(options, own, merged)
        check_apart({tree: given.get("bucket") for tree, given in merged.items()})
        with claims(self):
            self._define(origin, own, merged)

    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a role read the outputs of the stack: ``manage.py cdn pull``."""
        from aws_cdk import aws_iam as iam

        check_types(DjangoCdn.grant_pull, {"grantee": grantee})
        arn = Stack.of(self).format_arn(
            service="cloudformation",
            resource="stack",
            resource_name=f"{Stack.of(self).stack_name}/*",
        )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["cloudformation:DescribeStacks"],
            resource_arns=[arn],
        )

    def _define(
        self,
        origin: DjangoOrigin,
        own: dict[Tree, DistributionOptions],
        merged: dict[Tree, DistributionOptions],
    ) -> None:
        with named(Tree.STATIC, own[Tree.STATIC]):
            self.static = StaticDistribution(
                self, "Static", origin=origin, **merged[Tree.STATIC]
            )
        with named(Tree.MEDIA, own[Tree.MEDIA]):
            self.media = MediaDistribution(
                self, "Media", origin=origin, **merged[Tree.MEDIA]
            )
        self.private: PrivateMediaDistribution | None = None
        if Tree.PRIVATE not in own:
            return
        with named(Tree.PRIVATE, own[Tree.PRIVATE]):
            self.private = PrivateMediaDistribution(
                self, "Private", origin=origin, **merged[Tree.PRIVATE]
            )

    def _share_certificate(
        self,
        shared: DistributionOptions,
        own: dict[Tree, DistributionOptions],
        merged: dict[Tree, DistributionOptions],
    ) -> None:
        """Give each distribution the certificate for all, or one made for the names of all."""
        names = {
            tree: given.get("domain_names") or () for tree, given in merged.items()
        }
        for tree, given in merged.items():
            with named(tree, own[tree]):
                check_domain_names(names[tree], given.get("hosted_zone"))
        everything = [name for of_tree in names.values() for name in of_tree]
        # An alias belongs to one distribution in all of CloudFront.
        check_distinct("domain names of all distributions", everything)
        zone, certificate = shared.get("hosted_zone"), shared.get("certificate")
        sharing = [
            tree
            for tree, given in own.items()
            if "certificate" not in given
            and (certificate or "hosted_zone" not in given)
        ]
        named_in_zone = [name for tree in sharing for name in names[tree]]
        if zone and not certificate and named_in_zone:
            certificate = define_certificate(self, named_in_zone, zone)
        for tree in sharing:
            # Without aliases it serves nobody, unless there are none at all: then one may be
            # moved to any of them.
            is_used = names[tree] or (not everything and tree is not Tree.PRIVATE)
            merged[tree]["certificate"] = certificate if is_used else None
