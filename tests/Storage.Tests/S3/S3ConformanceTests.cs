using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.S3;

public sealed class S3WholeObjectTests(S3Fixture fixture) : WholeObjectConformance<S3Fixture>(fixture);

public sealed class S3MultipartTests(S3Fixture fixture) : MultipartConformance<S3Fixture>(fixture);

public sealed class S3RangedReadTests(S3Fixture fixture) : RangedReadConformance<S3Fixture>(fixture);

public sealed class S3ListingTests(S3Fixture fixture) : ListingConformance<S3Fixture>(fixture);

public sealed class S3CopyTests(S3Fixture fixture) : CopyConformance<S3Fixture>(fixture);

public sealed class S3PresignConformanceTests(S3Fixture fixture) : PresignConformance<S3Fixture>(fixture);
