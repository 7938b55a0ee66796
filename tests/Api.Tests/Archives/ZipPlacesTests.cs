using GrainVault.Api.Archives;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;

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

    [Fact]
    public void Visitors_of_links_have_places_by_their_address_and_half_of_all()
    {
        var places = new ZipPlaces(new FrontEndLimits { ZipCountMax = 6, ZipCountPerUserMax = 2 });
        AddressKey Address(byte number) => AddressKey.Of(new System.Net.IPAddress([203, 0, 113, number]));
        var first = places.TryEnter(Address(1)).Place!;
        Assert.NotNull(places.TryEnter(Address(1)).Place);
        Assert.Equal(ProblemTypes.Throttled, places.TryEnter(Address(1)).Refused!.Type);
        Assert.NotNull(places.TryEnter(Address(2)).Place);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter(Address(3)).Refused!.Type);

        var users = Enumerable.Range(0, 3).Select(i => places.TryEnter($"u-{i}").Place!).ToList();
        Assert.All(users, Assert.NotNull);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter("u-4").Refused!.Type);
        first.Dispose();
        first.Dispose();
        Assert.NotNull(places.TryEnter(Address(3)).Place);
        Assert.Equal(ProblemTypes.Overloaded, places.TryEnter(Address(2)).Refused!.Type);
        users[0].Dispose();
        Assert.NotNull(places.TryEnter("u-4").Place);
    }
}
