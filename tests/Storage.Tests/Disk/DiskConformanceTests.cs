using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

public sealed class DiskWholeObjectTests(DiskFixture fixture) : WholeObjectConformance<DiskFixture>(fixture);

public sealed class DiskMultipartTests(DiskFixture fixture) : MultipartConformance<DiskFixture>(fixture);

public sealed class DiskRangedReadTests(DiskFixture fixture) : RangedReadConformance<DiskFixture>(fixture);

public sealed class DiskListingTests(DiskFixture fixture) : ListingConformance<DiskFixture>(fixture);

public sealed class DiskCopyTests(DiskFixture fixture) : CopyConformance<DiskFixture>(fixture);

public sealed class DiskPresignTests(DiskFixture fixture) : PresignConformance<DiskFixture>(fixture);
