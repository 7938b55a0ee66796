using System.Diagnostics.Metrics;
using System.Net;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Api.Shedding;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Api.Tests.Shedding;

public sealed class RequestAdmissionTests
{
    private static readonly AddressKey One = AddressKey.Of(IPAddress.Parse("192.0.2.1"));
    private static readonly AddressKey Two = AddressKey.Of(IPAddress.Parse("192.0.2.2"));

    [Fact]
    public void Requests_beyond_the_count_of_their_weight_are_refused_and_reads_never()
    {
        var admission = new RequestAdmission(new FrontEndLimits { UploadRequestsMax = 2, ExpensiveRequestsMax = 3, RequestSharePerAddress = 1 });
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, One));
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, One));
        Assert.Equal(AdmissionOutcome.Full, admission.TryEnter(RequestWeight.Upload, One));
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Change, One));
        Assert.Equal(AdmissionOutcome.Full, admission.TryEnter(RequestWeight.Change, Two));
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Read, One));
        Assert.Equal((2, 3), (admission.UploadCount, admission.ExpensiveCount));
        admission.Leave(RequestWeight.Upload, One);
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Change, Two));
        admission.Leave(RequestWeight.Upload, One);
        admission.Leave(RequestWeight.Change, One);
        admission.Leave(RequestWeight.Change, Two);
        admission.Leave(RequestWeight.Read, One);
        Assert.Equal((0, 0, 0), (admission.UploadCount, admission.ExpensiveCount, admission.Addresses.KeyCount));
    }

    [Fact]
    public void Address_gets_half_of_the_places_and_the_rest_is_for_others()
    {
        var admission = new RequestAdmission(new FrontEndLimits { UploadRequestsMax = 4, ExpensiveRequestsMax = 8 });
        for (var i = 0; i < 2; i++)
            Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, One));
        Assert.Equal(AdmissionOutcome.BeyondShare, admission.TryEnter(RequestWeight.Upload, One));
        for (var i = 0; i < 2; i++)
            Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Change, One));
        Assert.Equal(AdmissionOutcome.BeyondShare, admission.TryEnter(RequestWeight.Change, One));
        Assert.Equal((2, 4), (admission.UploadCount, admission.ExpensiveCount));

        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, Two));
        admission.Leave(RequestWeight.Upload, One);
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, One));
    }

    [Fact]
    public void Addresses_of_one_ipv6_network_share_their_part_and_a_share_is_never_nothing()
    {
        var admission = new RequestAdmission(new FrontEndLimits { ExpensiveRequestsMax = 20, RequestSharePerAddress = 0.01 });
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Change, AddressKey.Of(IPAddress.Parse("2001:db8:1:2::1"))));
        Assert.Equal(AdmissionOutcome.BeyondShare, admission.TryEnter(RequestWeight.Change, AddressKey.Of(IPAddress.Parse("2001:db8:1:2:ffff::9"))));
        Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Change, AddressKey.Of(IPAddress.Parse("2001:db8:1:3::1"))));
    }

    [Fact]
    public void Addresses_and_users_are_remembered_only_while_something_of_theirs_is_under_way()
    {
        var admission = new RequestAdmission(new FrontEndLimits { ExpensiveRequestsMax = 10 });
        for (var i = 0; i < 10_000; i++)
        {
            var address = AddressKey.Of(new IPAddress(i + 1L));
            Assert.Equal(AdmissionOutcome.Admitted, admission.TryEnter(RequestWeight.Upload, address));
            Assert.True(admission.Users.TryEnter(RequestWeight.Upload, $"u-{i}"));
            admission.Users.Leave(RequestWeight.Upload, $"u-{i}");
            admission.Leave(RequestWeight.Upload, address);
        }

        Assert.Equal((0, 0), (admission.Addresses.KeyCount, admission.Users.KeyCount));
        for (var i = 0; i < 10_000; i++)
            admission.TryEnter(RequestWeight.Change, AddressKey.Of(new IPAddress(i + 1L)));
        Assert.Equal(10, admission.Addresses.KeyCount);
    }

    [Fact]
    public async Task Place_and_shares_are_given_back_however_the_request_ends()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var limits = new FrontEndLimits();
        var (admission, instruments) = (new RequestAdmission(limits), new GatewayInstruments(services.GetRequiredService<IMeterFactory>()));
        using var pressure = new ProcessPressure(limits, TimeProvider.System, services.GetRequiredService<IMeterFactory>(), NullLogger<ProcessPressure>.Instance);
        var user = new UserShareMiddleware(
            _ =>
            {
                Assert.Equal((1, 1, 1), (admission.ExpensiveCount, admission.Addresses.KeyCount, admission.Users.KeyCount));
                throw new InvalidOperationException("as planned");
            },
            admission,
            instruments);
        var shedding = new LoadSheddingMiddleware(
            context =>
            {
                Caller.SetUser("u-1", null);
                return user.InvokeAsync(context);
            },
            admission,
            pressure,
            instruments);

        await Assert.ThrowsAsync<InvalidOperationException>(() => shedding.InvokeAsync(new DefaultHttpContext { Request = { Method = "POST", Path = "/v1/x" } }));

        Assert.Equal((0, 0, 0), (admission.ExpensiveCount, admission.Addresses.KeyCount, admission.Users.KeyCount));
    }
}
