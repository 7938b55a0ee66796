using GrainVault.Api.Archives;
using GrainVault.Api.Http;

namespace GrainVault.Api.Tests.Archives;

public sealed class ZipPlacesTests
{
    [Fact]
    public void One_user_takes_his_places_and_leaves_the_others()
    {
        var places = new ZipPlaces(new FrontEndLimits { ZipCountMax = 4, ZipCountPerUserMax = 2 });
        var first = places.TryEnter("u-1").Place!;
        Assert.NotNull(places.TryEnter("u-1").Place);
        var refused = places.TryEnter("u-1").Refused!;
        Assert.Equal((ProblemTypes.Throttled, true), (refused.Type, refused.RetryAfterSeconds > 0));

        Assert.NotNull(places.TryEnter("u-2").Place);
        Assert.NotNull(places.TryEnter("u-3").Place);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter("u-4").Refused!.Type);

        first.Dispose();
        first.Dispose();
        // Who was refused for all had taken none of his own.
        Assert.NotNull(places.TryEnter("u-4").Place);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter("u-4").Refused!.Type);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter("u-1").Refused!.Type);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter("u-4").Refused!.Type);
    }
}
