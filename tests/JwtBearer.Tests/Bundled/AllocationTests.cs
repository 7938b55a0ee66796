using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests.Bundled;

/// <summary>Every request with a token pays for its validation; bytes are stable where time is not.</summary>
public sealed class AllocationTests
{
    private const int RoundCount = 200;
    private const long BytesPerValidationMax = 3072;

    [Fact]
    public async Task Validation_of_an_access_token_stays_within_its_allocation_budget()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Claims = new Dictionary<string, object>
        {
            ["sub"] = $"u-{Guid.CreateVersion7()}",
            ["sid"] = $"s-{Guid.CreateVersion7()}",
            ["jti"] = $"{Guid.CreateVersion7()}",
        };
        var token = Tokens.Handler.CreateToken(descriptor);
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        Assert.True((await Tokens.Handler.ValidateTokenAsync(token, parameters)).IsValid);

        var spent = Measure();

        Assert.InRange(spent / RoundCount, 1, BytesPerValidationMax);

        long Measure()
        {
            // The handler ends synchronously, so that all of it is allocated by this thread.
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < RoundCount; i++)
                Assert.True(Tokens.Handler.ValidateTokenAsync(token, parameters).IsCompletedSuccessfully);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
